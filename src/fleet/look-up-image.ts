import { messageOf } from '../model/errors.ts';
import type { LookupOutcome } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import { classifyRefusal } from './classify-failure.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { EngineError } from './engine-error.ts';
import type { RegistryLogin } from './registry-login.ts';
import type { WireDistribution } from './wire.ts';

/** A registry that is down may take the engine a while to notice; nothing that runs waits for it. */
const lookupMs = 30_000;

/**
 * Asks the registry of an image, through the engine of a host, which digest a tag means now. For an image of several
 * platforms that is the digest of their index, which is the same on all hosts. Never throws.
 */
export async function lookUpImage(
  client: DockerHost,
  host: HostName,
  image: string,
  login: RegistryLogin,
  signal: AbortSignal,
): Promise<LookupOutcome> {
  const doing = `look up image "${image}" through host "${host}"`;
  if (login.kind === 'unusable') {
    const message = `Cannot ${doing}: ${login.reason}`;
    return {
      kind: 'failed',
      failure: { class: 'infrastructure', reason: 'LoginUnusable', message },
    };
  }
  const { entry, header } = login.kind === 'found' ? login : { entry: '', header: undefined };
  try {
    const { Descriptor } = await client.json<WireDistribution>({
      what: `look up image "${image}"`,
      path: enginePath`/distribution/${image}/json`,
      ...(header === undefined ? {} : { registryAuth: header }),
      deadlineMs: lookupMs,
      signal,
    });
    const digest = Descriptor?.digest ?? '';
    if (/^sha256:[0-9a-f]{64}$/.test(digest)) return { kind: 'resolved', digest };
    return infrastructure(`Cannot ${doing}: the registry gives no digest of it`);
  } catch (error) {
    if (error instanceof EngineError && error.trouble === 'status') {
      const { status, message } = error;
      const refusal = { status, message, image, login: entry };
      return { kind: 'failed', failure: classifyRefusal(doing, refusal) };
    }
    return infrastructure(`Cannot ${doing}: ${messageOf(error)}`);
  }
}

/** There is no way to the engine that was to ask. */
export function unreachable(host: HostName, image: string): LookupOutcome {
  return infrastructure(`Cannot look up image "${image}": host "${host}" cannot be reached`);
}

function infrastructure(message: string): LookupOutcome {
  const failure = { class: 'infrastructure', reason: 'RegistryUnavailable', message } as const;
  return { kind: 'failed', failure };
}
