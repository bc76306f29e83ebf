import { parseYaml } from '../../src/manifest/parse-yaml.ts';
import { toPlain, type Node, type Plain } from '../../src/manifest/node.ts';

/** The only document of a text that is valid YAML. */
export function yaml(text: string, file = 'compose.yaml'): Node {
  const { documents, diagnostics } = parseYaml(file, new TextEncoder().encode(text));
  const [document] = documents;
  if (document === undefined) throw new Error(`Not one document: ${JSON.stringify(diagnostics)}`);
  return document;
}

/** The values of a text or node as JSON, for comparing. */
export function plain(source: string | Node): Plain {
  const value = toPlain(typeof source === 'string' ? yaml(source) : source);
  return JSON.parse(JSON.stringify(value)) as Plain;
}
