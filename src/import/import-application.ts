import { Document, visit } from 'yaml';

import type { ContainerSpec } from '../model/container.ts';
import { findImage } from '../model/image.ts';
import type {
  ImageDefaults,
  ObservedContainer,
  ObservedImage,
  ReachableHost,
} from '../model/observation.ts';
import { noDefaults } from '../model/observation.ts';
import { externalLinks } from './external-links.ts';
import type { FoundApplication, FoundContainer } from './found-application.ts';
import { objectsOf } from './object-keys.ts';
import { isInlineProfile, serviceValue } from './service-value.ts';
import { withoutImage } from './without-image.ts';
import type { YamlMap, YamlValue } from './yaml-value.ts';
import { escaped, written } from './yaml-value.ts';

/** A manifest that asks for what runs. */
export interface ImportedApplication {
  readonly name: string;
  readonly text: string;
  /** What the manifest does not say, or should not: in words, sorted by service. */
  readonly warnings: readonly string[];
}

/**
 * Writes the manifest of an application that runs on a host.
 *
 * @param hostName the host as `fleet.yaml` names it; null: it is in no fleet yet
 */
export function importApplication(
  found: FoundApplication,
  host: ReachableHost,
  hostName: string | null,
): ImportedApplication {
  const services = servicesOf(found);
  const expressible = services.filter(({ first }) => !isJoined(first.container));
  const kept = {
    ...found,
    containers: expressible.flatMap(({ first, others }) => [first, ...others]),
  };
  const objects = objectsOf(kept, host.networks);
  const names = new Set(expressible.map(({ name }) => name));
  const own = new Set(found.containers.map(({ container }) => container.name));
  const values = expressible.map((service): [string, YamlValue] => {
    const spec = withoutImage(service.first.container.spec, imageOf(service, host.images).defaults);
    const { deploy, ...value } = serviceValue(service.name, spec, objects);
    const replicas = service.others.length + 1;
    return [
      service.name,
      {
        ...value,
        ...written({
          external_links: externalLinks(spec.networks, own),
          depends_on: dependencies(service, names),
          deploy: {
            ...written({
              replicas: replicas === 1 ? null : replicas,
              placement:
                hostName === null ? null : { constraints: [`node.hostname == ${hostName}`] },
            }),
            ...(deploy as YamlMap | undefined),
          },
        }),
      },
    ];
  });
  const document = {
    name: found.name,
    services: Object.fromEntries(values),
    ...written({ networks: objects.networks, volumes: objects.volumes }),
    'x-fleetwright': { adopt: adoptValue(kept, hostName) },
  };
  return {
    name: found.name,
    text: `${headOf(found, hostName)}${asYaml(escaped(document))}`,
    warnings: services.flatMap((service) => warningsOf(service, host.images)),
  };
}

/** Quoted is what any reader of YAML might take for something else. */
function asYaml(value: YamlValue): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, scalar) => {
      // Octal in YAML 1.2, a text in 1.1.
      if (typeof scalar.value === 'string' && /^0o[0-7]+$/.test(scalar.value)) {
        Object.assign(scalar, { type: 'QUOTE_DOUBLE' });
      }
    },
  });
  return document.toString({ lineWidth: 0 });
}

interface FoundService {
  readonly name: string;
  readonly first: FoundContainer;
  readonly others: readonly FoundContainer[];
}

function servicesOf({ containers }: FoundApplication): readonly FoundService[] {
  const names = [...new Set(containers.map(({ service }) => service))];
  return names.flatMap((name) => {
    const [first, ...others] = containers.filter(({ service }) => service === name);
    return first === undefined ? [] : [{ name, first, others }];
  });
}

function headOf({ composeProject, containers }: FoundApplication, host: string | null): string {
  const what =
    composeProject === null
      ? `container "${containers[0]?.container.name ?? ''}"`
      : `Compose project "${composeProject}"`;
  const where = host === null ? '' : ` on host "${host}"`;
  return `# Written by "fleetwright import" from ${what}${where}.\n`;
}

function adoptValue(
  { composeProject, containers }: FoundApplication,
  host: string | null,
): YamlMap {
  const named = containers.map(({ service, container }) => [service, [container.name]] as const);
  return written({
    composeProject,
    containers: composeProject === null ? Object.fromEntries(named) : null,
    host,
  });
}

/** Newer Compose says it in a label: `db:service_healthy:false,cache:service_started:false`. */
function dependencies(
  { first }: FoundService,
  services: ReadonlySet<string>,
): Readonly<Record<string, YamlValue>> {
  const said = first.container.labels['com.docker.compose.depends_on'] ?? '';
  const pairs = said.split(',').flatMap((each): readonly [string, YamlValue][] => {
    const [name = '', condition = 'service_started'] = each.split(':');
    return services.has(name) ? [[name, { condition }]] : [];
  });
  return Object.fromEntries(pairs);
}

interface FoundImage {
  readonly image: ObservedImage | null;
  readonly defaults: ImageDefaults;
}

function imageOf({ first }: FoundService, images: readonly ObservedImage[]): FoundImage {
  const { imageId, spec } = first.container;
  const image = images.find(({ id }) => id === imageId) ?? findImage(images, spec.image) ?? null;
  return { image, defaults: image?.defaults ?? noDefaults };
}

function warningsOf(service: FoundService, images: readonly ObservedImage[]): readonly string[] {
  const { container } = service.first;
  const { spec } = container;
  const { image, defaults } = imageOf(service, images);
  const say = (text: string): string => `service "${service.name}": ${text}`;
  if (isJoined(container)) {
    return [
      say(
        'it is left out, since it shares namespaces or volumes of another container: write it by hand, with "service:NAME" or volumes_from',
      ),
    ];
  }
  const secrets = secretNames(withoutImage(spec, defaults));
  const profile = spec.securityOpt.some(isInlineProfile);
  return [
    ...(image === null
      ? [say('its image is not on the host any more: what the image says stands in the manifest')]
      : []),
    ...(image !== null && image.digests.length === 0
      ? [say(`image "${spec.image}" was never in a registry: other hosts cannot pull it`)]
      : []),
    ...(secrets.length === 0
      ? []
      : [say(`these variables look like secrets, and would be in Git: ${secrets.join(', ')}`)]),
    ...(profile
      ? [say('its seccomp profile is left out: it must be a file of the repository')]
      : []),
    ...(spec.restart.name === 'no'
      ? [say('it is not started again when it ends: take "restart" out to have it kept running')]
      : []),
  ];
}

/** Which container it joins the engine says by an id, and that may be anybody's. */
function isJoined({ spec }: ObservedContainer): boolean {
  return spec.shares !== undefined;
}

function secretNames({ environment }: ContainerSpec): readonly string[] {
  return Object.entries(environment)
    .filter(([name, value]) => looksSecret.test(name) && (value ?? '') !== '')
    .map(([name]) => name);
}

const looksSecret = /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|_KEY$|_DSN$/i;
