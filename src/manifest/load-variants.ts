import { validateCompose } from '../generated/validators.js';
import type { NetworkSpec, ServiceVariant, VolumeSpec } from '../model/application.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { FileAccess } from './file-access.ts';
import { createMask } from './mask.ts';
import type { Node } from './node.ts';
import { combinationsOf, withOverrides, type Override } from './overrides.ts';
import { prepareSubject, type SubjectContext } from './prepare-subject.ts';
import { resolveNetworks } from './resolve/network.ts';
import { resolveService } from './resolve/service.ts';
import { resolveVolumes } from './resolve/volume.ts';
import { hostPortsAreFree } from './rules/host-ports.ts';
import type { FleetHosts } from './rules/overrides.ts';
import { rules } from './rules/rules.ts';
import { validateShape } from './shape.ts';

/** What overrides make of an application. */
export interface Variants {
  /** By service, with the hashes of their own containers. */
  readonly services: ReadonlyMap<string, readonly ServiceVariant[]>;
  /** What they are attached to, and mount. */
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
}

interface VariantContext extends SubjectContext {
  readonly files: FileAccess;
  /** What was said of the document before its shape was checked. */
  readonly earlier: readonly Diagnostic[];
  /** Null: not known, and each override is judged by itself. */
  readonly fleet: FleetHosts | null;
}

/**
 * Resolves each combination of overrides that some host has as if its overrides were further files of the manifest, and
 * judges the others in the same way.
 *
 * @param document without overrides
 */
export function loadVariants(
  context: VariantContext,
  document: Node,
  overrides: ReadonlyMap<string, readonly Override[]>,
): { readonly variants: Variants; readonly diagnostics: readonly Diagnostic[] } {
  const services = new Map<string, readonly ServiceVariant[]>();
  const loaded = [...overrides].flatMap(([name, own]) => {
    const all = combinationsOf(own, context.fleet?.hosts ?? []).map((combination) => {
      const chosen = combination.overrides.flatMap((at) => own[at] ?? []);
      return loadVariant(context, name, withOverrides(document, name, chosen), combination.hosts);
    });
    const variants = all.flatMap(({ variant }) => variant ?? []);
    if (variants.length > 0) services.set(name, variants);
    return all;
  });
  return {
    variants: {
      services,
      networks: loaded.flatMap(({ networks }) => networks),
      volumes: loaded.flatMap(({ volumes }) => volumes),
    },
    diagnostics: loaded.flatMap(({ diagnostics }) => diagnostics),
  };
}

interface LoadedVariant extends Omit<Variants, 'services'> {
  readonly variant: ServiceVariant | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether two services get in each other's way on a host is for placement to say, which knows what is where. */
const variantRules = rules.filter((rule) => rule !== hostPortsAreFree);

function loadVariant(
  { files, earlier, ...context }: VariantContext,
  name: string,
  merged: { readonly node: Node; readonly diagnostics: readonly Diagnostic[] },
  hosts: ServiceVariant['hosts'],
): LoadedVariant {
  const before = [...earlier, ...merged.diagnostics];
  const mask = createMask(before, validateShape(merged.node, validateCompose));
  const { report } = mask;
  const { subject } = prepareSubject(context, merged.node, { files, report });
  for (const rule of variantRules) rule(subject);
  const cursor = subject.services.get(name);
  const service = cursor === undefined ? null : resolveService(subject, name, cursor);
  const isPlaced = service !== null && hosts.length > 0;
  return {
    variant: isPlaced ? { hosts: hosts.toSorted(), service } : null,
    networks: isPlaced ? resolveNetworks(subject) : [],
    volumes: isPlaced ? resolveVolumes(subject) : [],
    diagnostics: mask.diagnostics,
  };
}
