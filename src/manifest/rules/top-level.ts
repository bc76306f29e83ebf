import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  members,
  readText,
  warn,
  type Cursor,
} from '../cursor.ts';
import { isExternal } from '../resolve/object-name.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from './rule.ts';

/** An application without a service is most likely one that was emptied by mistake. */
export const servicesAreThere: Rule = ({ root }) => {
  const services = child(root, 'services');
  if (members(services).length > 0) return;
  warn(services, 'no-services', 'the application has no services', 'Add some below services:');
};

/** What is external is only named; how it was made is not ours to say. */
export const externalsAreOnlyNamed: Rule = ({ root }) => {
  for (const kind of ['networks', 'volumes', 'configs', 'secrets']) {
    for (const [name, declared] of members(child(root, kind))) {
      if (!isExternal(declared)) continue;
      for (const [key, value] of members(declared)) {
        if (key === 'name' || key === 'external' || key.startsWith('x-')) continue;
        complainAtKey(
          value,
          'conflicting-keys',
          `"${kind}.${name}" cannot have both "external" and "${key}"`,
          'What is external exists already; remove one of the two',
        );
      }
      judgeOldName(`${kind}.${name}`, declared);
    }
  }
};

/** Hosts are not joined to a cluster, so only networks within one host can be made. */
export const networksAreBridges: Rule = ({ root }) => {
  for (const [, declared] of members(child(root, 'networks'))) {
    const driver = child(declared, 'driver');
    const text = readText(driver);
    if (text === null || text === 'bridge') continue;
    complain(
      driver,
      'unsupported-value',
      `networks with the driver "${text}" are not supported yet`,
      'Only bridge networks are; make others yourself and mark them as external',
    );
  }
};

/** A local volume that is a folder of the host names it by its absolute path. */
export const volumeDevicesAreAbsolute: Rule = ({ root }) => {
  for (const [, declared] of members(child(root, 'volumes'))) {
    const options = child(declared, 'driver_opts');
    const device = child(options, 'device');
    const path = readText(device) ?? '/';
    const isBind = (readText(child(options, 'o')) ?? '').split(',').includes('bind');
    if (!isBind || path.startsWith('/')) continue;
    complain(
      device,
      'unsupported-value',
      `a volume cannot be a folder beside the manifest: "${path}" is no path of a host`,
      'Write an absolute path of the host, or bind files of the commit in the service',
    );
  }
};

/** Where the content of a config or secret may come from, and what to write when nothing says so. */
const sources = [
  { kind: 'configs', noun: 'config', expected: '"file", "environment" or "content"' },
  { kind: 'secrets', noun: 'secret', expected: '"file", "environment" or "content"' },
] as const;

/** A config or secret says exactly once where its content comes from. */
export const filesHaveOneSource: Rule = ({ root }) => {
  for (const { kind, noun, expected } of sources) {
    for (const [name, declared] of members(child(root, kind))) {
      const given = members(declared)
        .map(([key]) => key)
        .filter((key) => key === 'content' || key === 'file' || key === 'environment');
      const isElsewhere = ['external', 'driver'].some(
        (key) => !isEmptyOrNull(child(declared, key)),
      );
      if (given.length > 1) {
        complainAtKey(
          child(declared, given[1] ?? ''),
          'conflicting-keys',
          `${noun} "${name}" cannot have both "${given.join('" and "')}"`,
          'Remove one of the two',
        );
      } else if (given.length === 0 && !isElsewhere) {
        complainAtKey(declared, 'missing-key', `${noun} "${name}" must have ${expected}`);
      }
    }
  }
};

/** The content of a config or secret is known: a variable that holds it is set. */
export const fileVariablesAreSet: Rule = ({ root, variables }) => {
  const declared = sources.flatMap(({ kind }) => members(child(root, kind)));
  for (const [, each] of declared) {
    const variable = child(each, 'environment');
    const name = readText(variable);
    if (name === null || variables.has(name)) continue;
    complain(
      variable,
      'undefined-variable',
      `the variable "${name}" is not set${didYouMean(name, variables.keys())}`,
      `Set ${name} under variables: in fleet.yaml or in the .env file beside the manifest`,
    );
  }
};

function judgeOldName(path: string, declared: Cursor): void {
  const name = child(declared, 'name');
  if (!isPresent(name) || !isPresent(child(declared, 'external', 'name'))) return;
  complainAtKey(
    child(declared, 'external', 'name'),
    'conflicting-keys',
    `"${path}" cannot have both "name" and "external.name"`,
    'Write external: true and name:',
  );
}
