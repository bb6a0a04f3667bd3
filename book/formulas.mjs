// LaTeX to MathML, a line of JSON at a time: [formula, whether it is displayed] in, {mathml} or {error} out.
import { createInterface } from "node:readline";
import temml from "temml";

for await (const line of createInterface({ input: process.stdin })) {
  const [formula, displayMode] = JSON.parse(line);
  let said;
  try {
    said = { mathml: temml.renderToString(formula, { displayMode, throwOnError: true, strict: true }) };
  } catch (error) {
    said = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
