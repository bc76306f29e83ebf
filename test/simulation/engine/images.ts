import { familiarReference } from '../../../src/model/image.ts';
import type { ApiResponse, Pending } from './api.ts';
import { ok, pending, refusal } from './api.ts';
import type { EngineState, LocalImage } from './engine-state.ts';
import { between, changed, later, mutated, stamp } from './engine-state.ts';
import { imageEvent } from './events.ts';
import type { SimulatedImage } from './registry.ts';

/** The image that a reference means on a host: an id, a name with tag, or a name with digest. */
export function findLocalImage(state: EngineState, reference: string): LocalImage | null {
  const byId = state.images.get(reference);
  if (byId !== undefined) return byId;
  const familiar = withoutTagBeforeDigest(familiarReference(reference));
  for (const local of state.images.values()) {
    if (local.tags.has(familiar) || local.digests.has(familiar)) return local;
  }
  return null;
}

/** Puts an image on the host under a name, which another one may have borne until now. */
export function addImage(state: EngineState, image: SimulatedImage, reference: string): void {
  const familiar = withoutTagBeforeDigest(familiarReference(reference));
  const local = state.images.get(image.id) ?? { image, tags: new Set(), digests: new Set() };
  state.images.set(image.id, local);
  changed(state);
  if (familiar.includes('@')) {
    local.digests.add(familiar);
    return;
  }
  for (const other of state.images.values()) other.tags.delete(familiar);
  local.tags.add(familiar);
}

export function listImages(state: EngineState): ApiResponse {
  return ok(
    [...state.images.values()].map((local) => ({
      Id: local.image.id,
      ...namesOf(local, ['<none>:<none>'], ['<none>@<none>']),
    })),
  );
}

export function inspectImage(state: EngineState, reference: string): ApiResponse {
  const local = findLocalImage(state, reference);
  if (local === null) {
    const twice = state.apiVersion === '1.41' ? `no such image: ${reference}: ` : '';
    return refusal(404, `${twice}No such image: ${familiarReference(reference)}`);
  }
  const { id, config, architecture } = local.image;
  return ok({
    Id: id,
    ...namesOf(local, [], []),
    Created: stamp(state, 0),
    Os: 'linux',
    Architecture: architecture,
    Config: {
      User: '',
      Env: null,
      Cmd: null,
      Entrypoint: null,
      Volumes: null,
      WorkingDir: '',
      Labels: null,
      ...config,
    },
  });
}

/** Pulls from the registry, in the time that it takes. The client's leaving breaks it off. */
export function pullImage(state: EngineState, name: string, tag: string): ApiResponse | Pending {
  if (name !== name.toLowerCase()) {
    const whole = name.includes('/') ? name : `library/${name}`;
    const which = state.apiVersion === '1.41' ? '' : `(${whole}) `;
    return refusal(400, `invalid reference format: repository name ${which}must be lowercase`);
  }
  const reference = `${name}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
  return pending((reply) =>
    later(state, between(state, state.timing.pull), () => {
      reply(pullNow(state, name, reference));
    }),
  );
}

function pullNow(state: EngineState, name: string, reference: string): ApiResponse {
  if (!state.registryReachable) {
    const url = `https://${registryOf(name)}/v2/`;
    return refusal(500, `Get "${url}": dial tcp 10.0.0.9:443: connect: connection refused`);
  }
  const image = state.registry.find(reference);
  if (image === null) {
    const message = `manifest for ${reference} not found: manifest unknown: manifest unknown`;
    return refusal(404, message);
  }
  if (state.diskFull) {
    const error =
      'failed to register layer: Error processing tar file(exit status 1): write /bin/app: no space left on device';
    return lines([{ status: 'Pulling fs layer' }, { errorDetail: { message: error }, error }]);
  }
  const isNew = findLocalImage(state, reference)?.image.id !== image.id;
  addImage(state, image, reference);
  const familiar = familiarReference(name).replace(/:latest$/, '');
  state.images.get(image.id)?.digests.add(`${familiar}@${image.digest}`);
  imageEvent(state, reference, 'pull');
  if (isNew) mutated(state, `pull ${reference}`);
  return lines([{ status: `Status: Downloaded newer image for ${reference}` }]);
}

/** Asks the registry what a name means, without pulling it. */
export function lookUpImage(state: EngineState, reference: string): Pending {
  return pending((reply) =>
    later(state, between(state, state.timing.pull), () => {
      reply(lookUpNow(state, reference));
    }),
  );
}

function lookUpNow(state: EngineState, reference: string): ApiResponse {
  if (!state.registryReachable) {
    const url = `https://${registryOf(reference)}/v2/`;
    return refusal(500, `Get "${url}": dial tcp 10.0.0.9:443: connect: connection refused`);
  }
  const image = state.registry.find(reference);
  if (image === null) return refusal(404, `manifest unknown: manifest unknown`);
  const { digest, architecture } = image;
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  return ok({
    Descriptor: { mediaType, digest, size: 1_000 },
    Platforms: [{ architecture, os: 'linux' }],
  });
}

/** Gives an image one more name. */
export function tagImage(
  state: EngineState,
  reference: string,
  repository: string,
  tag: string,
): ApiResponse {
  const local = findLocalImage(state, reference);
  if (local === null) return refusal(404, `No such image: ${familiarReference(reference)}`);
  addImage(state, local.image, `${repository}:${tag || 'latest'}`);
  imageEvent(state, `${repository}:${tag || 'latest'}`, 'tag');
  mutated(state, `tag ${repository}:${tag}`);
  return { status: 201, body: null };
}

/** Progress comes as JSON lines, and so do errors once it has begun. */
function lines(messages: readonly object[]): ApiResponse {
  return ok(Buffer.from(messages.map((message) => `${JSON.stringify(message)}\n`).join('')));
}

function namesOf(
  local: LocalImage,
  noTags: readonly string[],
  noDigests: readonly string[],
): { readonly RepoTags: readonly string[]; readonly RepoDigests: readonly string[] } {
  const isNameless = local.tags.size === 0 && local.digests.size === 0;
  return {
    RepoTags: isNameless ? noTags : [...local.tags],
    RepoDigests: isNameless ? noDigests : [...local.digests],
  };
}

function withoutTagBeforeDigest(reference: string): string {
  return reference.replace(/:[^:/@]+@/, '@');
}

function registryOf(name: string): string {
  const first = name.split('/')[0] ?? '';
  return /[.:]/.test(first) ? first : 'registry-1.docker.io';
}
