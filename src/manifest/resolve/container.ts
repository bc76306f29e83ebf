import type { ContainerSpec } from '../../model/container.ts';
import { child, readBoolean, readText, readTexts, readTextWith, type Cursor } from '../cursor.ts';
import { parseImageReference } from '../scalars/image-reference.ts';
import type { Subject } from '../subject.ts';
import { resolveAttachments } from './attachment.ts';
import { readDuration } from './duration.ts';
import { resolveDelivered } from './delivered-files.ts';
import { resolveHealthcheck } from './healthcheck.ts';
import { resolveMounts } from './mount.ts';
import { resolveShares } from './namespaces.ts';
import { resolveExpose, resolvePorts } from './port.ts';
import { resolveResources } from './resources.ts';
import { isMeantToEnd, resolveRestart } from './restart.ts';
import { resolveSecurityOptions } from './security-options.ts';
import { resolveSettings } from './settings.ts';
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
    ...resolveSettings(service),
    ...resolveShares(service),
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
    securityOpt: resolveSecurityOptions(subject, child(service, 'security_opt')),
    healthcheck: resolveHealthcheck(service),
    ports,
    expose: resolveExpose(service, ports),
    mounts: resolveMounts(subject, service),
    networks: resolveAttachments(subject, name, service),
    ...resolveDelivered(subject, service),
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
