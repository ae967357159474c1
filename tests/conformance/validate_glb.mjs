// Validates GLB files with the Khronos glTF validator; prints one JSON object: path -> report's issues.
// Usage: node validate_glb.mjs NODE_MODULES FILE...
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const validator = createRequire(resolve(modules, "index.js"))("gltf-validator");
const reports = {};
for (const file of files) {
  const bytes = new Uint8Array(await readFile(file));
  const report = await validator.validateBytes(bytes, { uri: file, maxIssues: 50 });
  reports[file] = { issues: report.issues, info: report.info };
}
process.stdout.write(JSON.stringify(reports));
