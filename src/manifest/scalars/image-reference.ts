import { malformed, parsed, type Parsed } from './parsed.ts';

export interface ImageReference {
  /** `docker.io` when none is written. */
  readonly domain: string;
  /** Path within the registry: `library/nginx`. */
  readonly path: string;
  /** Empty when none is written. */
  readonly tag: string;
  /** `sha256:…`; empty when none is written. */
  readonly digest: string;
  /** All parts, `docker.io/library/nginx:1.27@sha256:…`, without a default tag. */
  readonly full: string;
  /** As Docker shows it: `nginx:1.27`. */
  readonly familiar: string;
}

// The grammar of distribution/reference (regexp.go).
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const segment = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const reference = new RegExp(
  `^(${domain})/(${segment}(?:/${segment})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][\\w+.-]*:[0-9a-fA-F]+))?$`,
);

const digestLength: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

const maxLength = 1024;
const maxPathLength = 255;

/** An image reference, completed as Docker completes it: `nginx` is `docker.io/library/nginx`. */
export function parseImageReference(text: string): Parsed<ImageReference> {
  if (text.length > maxLength) return notAReference(text.slice(0, 60), 'it is too long');
  if (/^[a-f0-9]{64}$/.test(text)) return notAReference(text, 'it is an image id, not a name');
  const { domain, rest } = splitDomain(text);
  const match = reference.exec(`${domain}/${rest}`);
  if (match === null) return notAReference(text, reasonFor(rest));
  const [, , path = '', tag = '', digest = ''] = match;
  if (path.length > maxPathLength) return notAReference(text, 'its name is too long');
  if (digest !== '' && !isDigest(digest)) {
    return notAReference(text, 'its digest is not sha256: and 64 hexadecimal digits');
  }
  const suffix = `${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
  const full = `${domain}/${path}${suffix}`;
  return parsed({ domain, path, tag, digest, full, familiar: familiarName(domain, path) + suffix });
}

/** The first part is a registry when it looks like a host: a dot, a port, `localhost`, or upper case. */
function splitDomain(text: string): { readonly domain: string; readonly rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isHost && first !== 'index.docker.io' ? first : 'docker.io';
  const rest = isHost ? text.slice(slash + 1) : text;
  const official = domain === 'docker.io' && !rest.includes('/');
  return { domain, rest: official ? `library/${rest}` : rest };
}

function familiarName(domain: string, path: string): string {
  if (domain !== 'docker.io') return `${domain}/${path}`;
  return /^library\/[^/]+$/.test(path) ? path.slice('library/'.length) : path;
}

function isDigest(digest: string): boolean {
  const [algorithm = '', hex = ''] = digest.split(':');
  return digestLength.get(algorithm) === hex.length && /^[a-f0-9]+$/.test(hex);
}

function reasonFor(rest: string): string {
  const name = rest.replace(/[:@].*$/, '');
  return name === name.toLowerCase()
    ? 'expected [registry/]name[:tag][@digest]'
    : 'its name must be lower case';
}

function notAReference(text: string, reason: string): Parsed<ImageReference> {
  return malformed(`"${text}" is not an image reference: ${reason}`);
}
