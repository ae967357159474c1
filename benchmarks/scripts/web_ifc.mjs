// web-ifc's bare geometry pass: everything is meshed, nothing is written. node web_ifc.mjs SOURCE
import fs from "node:fs";
import { createRequire } from "node:module";

const { IfcAPI } = createRequire(import.meta.url)("web-ifc");
const api = new IfcAPI();
await api.Init();
const model = api.OpenModel(new Uint8Array(fs.readFileSync(process.argv[2])));
let elements = 0;
let triangles = 0;
api.StreamAllMeshes(model, (mesh) => {
  let own = 0;
  for (let i = 0; i < mesh.geometries.size(); i++) {
    const geometry = api.GetGeometry(model, mesh.geometries.get(i).geometryExpressID);
    own += geometry.GetIndexDataSize() / 3;
    geometry.delete?.();
  }
  elements += own > 0 ? 1 : 0;
  triangles += own;
});
console.log(JSON.stringify({ rendered_elements: elements, triangles, bytes: 0 }));
process.exit(0);
