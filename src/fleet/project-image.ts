import type { ObservedImage } from '../model/observation.ts';
import {
  comparePortKeys,
  compareText,
  listOrNull,
  parseEnvironment,
  portKey,
  projectHealthcheck,
} from './normal-form.ts';
import type { WireImage, WireListedImage } from './wire.ts';

/** What never changes under an image id, from its inspect. */
export type ImageFacts = Pick<ObservedImage, 'id' | 'os' | 'architecture' | 'defaults'>;

export function projectImageFacts(image: WireImage): ImageFacts {
  const config = image.Config ?? {};
  const environment = Object.entries(parseEnvironment(config.Env));
  return {
    id: image.Id,
    os: image.Os ?? '',
    architecture: image.Architecture ?? '',
    defaults: {
      command: listOrNull(config.Cmd),
      entrypoint: listOrNull(config.Entrypoint),
      environment: Object.fromEntries(environment.map(([name, value]) => [name, value ?? ''])),
      labels: config.Labels ?? {},
      user: config.User ?? '',
      workingDir: config.WorkingDir ?? '',
      healthcheck: projectHealthcheck(config.Healthcheck),
      expose: Object.keys(config.ExposedPorts ?? {})
        .map(portKey)
        .toSorted(comparePortKeys),
      volumes: Object.keys(config.Volumes ?? {}).toSorted(compareText),
      stopSignal: config.StopSignal ?? '',
    },
  };
}

/** The facts with the names that the image has now: names move, so they come from each list anew. */
export function projectImage(facts: ImageFacts, row: WireListedImage): ObservedImage {
  return {
    ...facts,
    tags: named(row.RepoTags),
    digests: named(row.RepoDigests),
  };
}

/** Engines before 24 list `<none>:<none>` for an image without a name. */
function named(references: readonly string[] | null | undefined): readonly string[] {
  return (references ?? []).filter((name) => !name.startsWith('<none>')).toSorted(compareText);
}
