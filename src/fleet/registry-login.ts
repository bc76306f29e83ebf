import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../model/errors.ts';
import { readCredential } from '../secrets/credential-file.ts';
import { splitReference } from './split-reference.ts';

/** What is sent to a registry along with a question about an image. */
export type RegistryLogin =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'found';
      /** The key in config.json that it stands at. */
      readonly entry: string;
      /** Value of the header X-Registry-Auth: a secret. */
      readonly header: string;
    }
  | { readonly kind: 'unusable'; readonly reason: string };

const fileName = 'config.json';
const none = { kind: 'none' } as const;

/**
 * The login for an image from `config.json` of the credentials folder, which is as `docker login` writes it. It is read at
 * each use, so that it may be replaced at any time. Never throws.
 */
export async function readLogin(dir: string | null, image: string): Promise<RegistryLogin> {
  if (dir === null) return none;
  const file = join(dir, fileName);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return none;
  let text: string;
  try {
    text = (await readCredential(file, 'file with logins')).toString('utf8');
  } catch (error) {
    return unusable(messageOf(error));
  }
  const found = findLogin(text, image);
  return found.kind === 'unusable' ? unusable(`Cannot use "${file}": ${found.reason}`) : found;
}

/**
 * The login for an image: that of its repository, of the longest folder above it, or of its registry.
 *
 * @param text content of config.json; no part of it stands in a reason but the names of its entries
 */
export function findLogin(text: string, image: string): RegistryLogin {
  const auths = readAuths(text);
  if (auths === null)
    return unusable('it is not a JSON object with "auths", as docker login writes');
  const repository = repositoryOf(image);
  let best: { readonly entry: string; readonly at: string } | null = null;
  for (const entry of Object.keys(auths)) {
    const at = placeOf(entry);
    const isMeant = repository === at || repository.startsWith(`${at}/`);
    if (isMeant && at.length > (best?.at.length ?? 0)) best = { entry, at };
  }
  if (best === null) return none;
  const { entry, at } = best;
  const login = readEntry(auths[entry]);
  if (login === null) {
    return unusable(
      `"${entry}" has no login. Credential helpers (credsStore, credHelpers) are not run here: log in without one`,
    );
  }
  const serveraddress = at.startsWith(defaultRegistry) ? defaultAddress : at.replace(/\/.*$/s, '');
  const json = JSON.stringify({ ...login, serveraddress });
  // Docker wants the alphabet for URLs, and the padding all the same.
  const header = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { kind: 'found', entry, header };
}

const defaultRegistry = 'docker.io';
/** How Docker calls its own registry in logins. */
const defaultAddress = 'https://index.docker.io/v1/';

function unusable(reason: string): RegistryLogin & { readonly kind: 'unusable' } {
  return { kind: 'unusable', reason };
}

function readAuths(text: string): Readonly<Record<string, unknown>> | null {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(config)) return null;
  const { auths = {} } = config;
  return isObject(auths) ? auths : null;
}

function readEntry(entry: unknown): object | null {
  if (!isObject(entry)) return null;
  const { auth, username, password, identitytoken } = entry;
  if (isText(identitytoken)) return { identitytoken };
  if (isText(username) && isText(password)) return { username, password };
  const pair = isText(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = pair.indexOf(':');
  if (colon < 1) return null;
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** `https://ghcr.io/v2/` is `ghcr.io`, and the default registry has one name. */
function placeOf(entry: string): string {
  const bare = entry
    .replace(/^https?:\/\//i, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  return bare.replace(/^(index|registry-1)\.docker\.io(?=\/|$)/, defaultRegistry);
}

/** With its registry, without tag and digest: `docker.io/library/caddy`. */
function repositoryOf(image: string): string {
  const { name } = splitReference(image);
  const [first = '', ...rest] = name.split('/');
  const isRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  if (isRegistry && placeOf(first) !== defaultRegistry) return name;
  const path = isRegistry ? rest.join('/') : name;
  return `${defaultRegistry}/${path.includes('/') ? path : `library/${path}`}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
