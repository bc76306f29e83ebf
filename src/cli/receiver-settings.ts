import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';

import type { Operator as OperatorConfig, Receiver as Written } from '../generated/operator.ts';
import { UsageError } from '../model/errors.ts';
import { parseDuration } from '../manifest/scalars/duration.ts';
import type { Destination, MailDestination, Receiver } from '../notify/receiver.ts';
import { isSafe } from '../notify/sender.ts';
import { parseLocation, type RepositoryLocation } from '../source/location.ts';
import type { Said } from './said.ts';
import { httpSettings } from './transport-settings.ts';

export type Notifications = NonNullable<OperatorConfig['notifications']> | readonly [];

type Type = Written['type'];
type StatusType = 'github' | 'gitlab' | 'gitea';

/** What each type needs, and what it may have beside that. */
const keysOf: Readonly<
  Record<Type, { readonly needs: readonly Key[]; readonly may: readonly Key[] }>
> = {
  webhook: { needs: ['secretFile'], may: ['url', 'urlFile'] },
  slack: { needs: ['urlFile'], may: [] },
  mattermost: { needs: ['urlFile'], may: [] },
  email: {
    needs: ['host', 'from', 'to'],
    may: ['port', 'encryption', 'username', 'passwordFile'],
  },
  github: { needs: ['tokenFile'], may: ['apiUrl', 'project', 'targetUrl'] },
  gitlab: { needs: ['tokenFile'], may: ['apiUrl', 'project', 'targetUrl'] },
  gitea: { needs: ['tokenFile'], may: ['apiUrl', 'project', 'targetUrl'] },
};

type Key = Exclude<keyof Written, 'name' | 'type'>;

const ofAll: readonly Key[] = ['caFile'];
/** A status is not chosen from among events. */
const ofTold: readonly Key[] = ['events', 'applications', 'reminder'];

/** @throws UsageError that names the receiver, and holds nothing that may be secret */
export function receiverSettings(written: Notifications, said: Said): readonly Receiver[] {
  const names = written.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(twice, 'two have this name');
  return written.map((one) => receiverOf(one, said));
}

function receiverOf(written: Written, said: Said): Receiver {
  const { name, type, events = null, applications = null, reminder, caFile } = written;
  checkKeys(written);
  const http = httpSettings(said);
  const own = caFile === undefined ? http.caFile : resolve(caFile);
  return {
    name,
    isStatus: isStatusType(type),
    events,
    applications,
    reminderMs: reminder === undefined ? null : reminderMs(name, reminder),
    destination: destinationOf(written, said.repository ?? ''),
    route: { caFile: own, proxy: http.proxy },
  };
}

function isStatusType(type: Type): type is StatusType {
  return type === 'github' || type === 'gitlab' || type === 'gitea';
}

function checkKeys(written: Written): void {
  const { name, type } = written;
  const { needs, may } = keysOf[type];
  const known = new Set<string>(['name', 'type', ...needs, ...may, ...ofAll]);
  if (!isStatusType(type)) for (const key of ofTold) known.add(key);
  const missing = needs.find((key) => written[key] === undefined);
  if (missing !== undefined) throw refuse(name, `the type ${type} takes ${missing}`);
  const strange = Object.keys(written).find((key) => !known.has(key));
  if (strange !== undefined) throw refuse(name, `the type ${type} does not know ${strange}`);
}

function destinationOf(written: Written, repository: string): Destination {
  const { name, type, url, urlFile = '', secretFile = '' } = written;
  switch (type) {
    case 'webhook': {
      if ((url === undefined) === (written.urlFile === undefined)) {
        throw refuse(name, 'a webhook takes either url or urlFile');
      }
      return {
        type,
        url: url === undefined ? null : checkedUrl(name, 'url', url).href,
        urlFile: url === undefined ? resolve(urlFile) : null,
        secretFile: resolve(secretFile),
      };
    }
    case 'slack':
    case 'mattermost':
      return { type, urlFile: resolve(urlFile) };
    case 'email':
      return mailOf(written);
    case 'github':
    case 'gitlab':
    case 'gitea': {
      const { tokenFile = '', targetUrl } = written;
      const target = targetUrl === undefined ? null : checkedUrl(name, 'targetUrl', targetUrl).href;
      const place = placeOf(written, type, repository);
      return { type, ...place, tokenFile: resolve(tokenFile), targetUrl: target };
    }
  }
}

function mailOf(written: Written): MailDestination {
  const { name, host = '', encryption = 'starttls', username, passwordFile, from = '' } = written;
  const { to = [], port = encryption === 'tls' ? 465 : 587 } = written;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw refuse(name, 'username and passwordFile go together');
  }
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);
  if (encryption === 'none' && !isHere) {
    throw refuse(name, 'encryption: none is for a server on this machine');
  }
  const login =
    username === undefined || passwordFile === undefined
      ? null
      : { username, passwordFile: resolve(passwordFile) };
  return { type: 'email', host, port, encryption, login, from, to };
}

const apiPaths = { github: '/api/v3', gitlab: '/api/v4', gitea: '/api/v1' } as const;

/** Where the API is, and how the repository is called there. */
function placeOf(
  { name, apiUrl, project }: Written,
  type: StatusType,
  repository: string,
): { readonly apiUrl: string; readonly project: string } {
  const found = serverOf(repository);
  const api = apiUrl ?? (found === null ? undefined : apiOf(type, found.host));
  const at = project ?? found?.project;
  if (api === undefined || at === undefined) {
    throw refuse(name, 'apiUrl and project cannot be found from the repository: name them');
  }
  const url = checkedUrl(name, 'apiUrl', api);
  if (!isSafe(url)) throw refuse(name, 'apiUrl gets a token, and must be https://');
  // A part that is dots alone would lead to another project, with the same token.
  if (!/^(?!\.{1,2}(\/|$))[^/\s]+(\/(?!\.{1,2}(\/|$))[^/\s]+)+$/.test(at))
    throw refuse(name, 'project looks like OWNER/NAME');
  return { apiUrl: url.href.replace(/\/+$/, ''), project: at };
}

function apiOf(type: StatusType, host: string): string {
  // Both have a name of its own for SSH at port 443.
  if (type === 'github' && /^(ssh\.)?github\.com$/.test(host)) return 'https://api.github.com';
  const server = host === 'altssh.gitlab.com' ? 'gitlab.com' : host;
  return `https://${server}${apiPaths[type]}`;
}

/** The server of a repository, and the path there; null: it is on this machine. */
function serverOf(repository: string): { readonly host: string; readonly project: string } | null {
  const location: RepositoryLocation = parseLocation(repository === '' ? '.' : repository);
  if (location.kind === 'local') return null;
  // A server that speaks SSH at another port has its API at the usual one.
  const { host, path } =
    location.kind === 'ssh'
      ? { host: isIPv6(location.host) ? `[${location.host}]` : location.host, path: location.path }
      : { host: new URL(location.url).host, path: pathOf(location.url) };
  return { host, project: path.replace(/^[/~]+/, '').replace(/\.git$/, '') };
}

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

function checkedUrl(name: string, key: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWellFormed =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.username}${url.password}` === '';
  if (isWellFormed) return url;
  throw refuse(name, `${key} must be an http(s):// URL without user name and password`);
}

const leastReminderMs = 60_000;

function reminderMs(name: string, text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value >= leastReminderMs) return parsed.value;
  throw refuse(name, parsed.ok ? 'reminder must be 1m at least' : `reminder: ${parsed.message}`);
}

function refuse(name: string, why: string): UsageError {
  return new UsageError(
    `Cannot tell the receiver "${name}" of the configuration: ${why}; see docs/notifications.md`,
  );
}
