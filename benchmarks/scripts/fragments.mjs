// ThatOpen's importer: IFC in, one fragments file out. node fragments.mjs SOURCE TARGET
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { IfcImporter, SingleThreadedFragmentsModel } from "@thatopen/fragments";

const importer = new IfcImporter();
const wasm = path.dirname(createRequire(import.meta.url).resolve("web-ifc"));
importer.wasm = { path: `${wasm}/`, absolute: true };
const fragments = await importer.process({ bytes: new Uint8Array(fs.readFileSync(process.argv[2])) });
fs.writeFileSync(process.argv[3], fragments);
const model = new SingleThreadedFragmentsModel("model", fragments);
const elements = model.getItemsIdsWithGeometry().length;
console.log(JSON.stringify({ rendered_elements: elements, triangles: 0, bytes: fragments.length }));
process.exit(0); // its workers would keep the process alive
