import type { ContainerSpec, Resources } from '../../model/container.ts';
import {
  child,
  complain,
  items,
  readBoolean,
  readNumber,
  readText,
  readTexts,
  readTextWith,
  readWith,
  type Cursor,
} from '../cursor.ts';
import { parseBytes } from '../scalars/bytes.ts';
import { parseCpus } from '../scalars/cpus.ts';
import { parseImageReference } from '../scalars/image-reference.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';
import { resolveFiles } from './file.ts';
import { resolveHealthcheck } from './healthcheck.ts';
import { resolveMounts } from './mount.ts';
import { resolveAttachments } from './network.ts';
import { resolveExpose, resolvePorts } from './port.ts';
import { isMeantToEnd, resolveRestart } from './restart.ts';
import { resolveLabels } from './text-map.ts';

/** The container of a service in its normal form. */
export function resolveContainer(
  subject: Subject,
  name: string,
  service: Cursor,
  environment: ContainerSpec['environment'],
): ContainerSpec {
  const ports = resolvePorts(service);
  return {
    image: readTextWith(child(service, 'image'), parseImageReference)?.familiar ?? '',
    command: readWords(child(service, 'command')),
    entrypoint: readWords(child(service, 'entrypoint')),
    environment,
    labels: resolveLabels(child(service, 'labels')),
    user: readNonEmpty(child(service, 'user')),
    workingDir: readNonEmpty(child(service, 'working_dir')),
    hostname: readNonEmpty(child(service, 'hostname')),
    init: readBoolean(child(service, 'init')),
    readOnly: readBoolean(child(service, 'read_only')) ?? false,
    capAdd: readCapabilities(child(service, 'cap_add')),
    capDrop: readCapabilities(child(service, 'cap_drop')),
    securityOpt: readSecurityOptions(child(service, 'security_opt')),
    healthcheck: resolveHealthcheck(service),
    ports,
    expose: resolveExpose(service, ports),
    mounts: resolveMounts(subject, service),
    networks: resolveAttachments(subject, name, service),
    files: resolveFiles(subject, service),
    stopSignal: readNonEmpty(child(service, 'stop_signal')),
    stopGraceMs: wholeSeconds(readDuration(child(service, 'stop_grace_period'))),
    resources: resolveResources(service),
    restart: resolveRestart(service, isMeantToEnd(subject, name)),
  };
}

/** Words of a command; an empty list empties the image's, and null leaves it alone. */
function readWords(cursor: Cursor): readonly string[] | null {
  return cursor.node?.kind === 'list' ? readTexts(cursor) : null;
}

function readNonEmpty(cursor: Cursor): string | null {
  const text = readText(cursor);
  return text === '' ? null : text;
}

/** The engine knows whole seconds only. */
function wholeSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms / 1_000) * 1_000;
}

function readCapabilities(cursor: Cursor): readonly string[] {
  const names = readTexts(cursor).map((text) => text.toUpperCase().replace(/^CAP_/, ''));
  return [...new Set(names.map((name) => (name === 'ALL' ? name : `CAP_${name}`)))].toSorted();
}

/** `key=value`; the engine's old notation `key:value` is rewritten, and `no-new-privileges=true` is the bare word. */
function readSecurityOptions(cursor: Cursor): readonly string[] {
  const options = items(cursor).flatMap((item) => {
    const text = readText(item) ?? '';
    const rewritten = text.includes('=') ? text : text.replace(':', '=');
    const option = rewritten === 'no-new-privileges=true' ? 'no-new-privileges' : rewritten;
    if (!/^seccomp=(?!unconfined$|builtin$)/.test(option)) return [option];
    complain(item, 'unsupported-value', 'seccomp profiles from files are not supported yet');
    return [];
  });
  return [...new Set(options)].toSorted();
}

function resolveResources(service: Cursor): Resources {
  const resources = child(service, 'deploy', 'resources');
  const limits = child(resources, 'limits');
  return {
    memoryBytes: positive(readWith(child(limits, 'memory'), parseBytes)),
    memoryReservationBytes: positive(
      readWith(child(resources, 'reservations', 'memory'), parseBytes),
    ),
    nanoCpus: positive(readWith(child(limits, 'cpus'), parseCpus)),
    pids: positive(readNumber(child(limits, 'pids'))),
  };
}

/** Zero and -1 both mean: no limit. */
function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
