import { malformed, parsed, type Parsed } from './parsed.ts';

/** The name of an application, which is a Compose project: `[a-z0-9][a-z0-9_-]*`. */
export function parseProjectName(text: string): Parsed<string> {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(text)) return parsed(text);
  const better = normaliseProjectName(text);
  const suggestion = better === '' ? '' : `, such as "${better}"`;
  return malformed(
    `"${text}" is not an application's name: expected lower-case letters, digits, "-" and "_", starting with a letter or digit${suggestion}`,
  );
}

/** The name of a service; networks, volumes and configs follow the same rule. */
export function parseServiceName(text: string): Parsed<string> {
  if (/^[a-zA-Z0-9._-]+$/.test(text)) return parsed(text);
  return malformed(`"${text}" is not a valid name: expected letters, digits, ".", "-" and "_"`);
}

/** What Compose makes of the name of a folder, to name the project after it. May be empty. */
export function normaliseProjectName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}
