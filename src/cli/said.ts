import type { Operator as OperatorConfig } from '../generated/operator.ts';

/** A key that one text can be said for. */
export type Key = Exclude<keyof OperatorConfig, 'sources' | 'notifications'>;

/** What each key was said to be. */
export type Said = Partial<Record<Key, string>>;

const keys = [
  'repository',
  'branch',
  'tag',
  'semver',
  'tagPrefix',
  'commit',
  'path',
  'state',
  'credentials',
  'tokenFile',
  'username',
  'nonFastForward',
  'planRequireApproved',
  'tokenScheme',
  'githubAppId',
  'githubInstallationId',
  'githubAppKeyFile',
  'githubApiUrl',
  'caFile',
  'clientCertFile',
  'clientKeyFile',
  'proxy',
  'proxyCredentialsFile',
  'proxyBypass',
  'sshKeyFile',
  'sshPassphraseFile',
  'sshAgent',
  'knownHostsFile',
  'submodules',
  'signingKeyFile',
  'signingPassphraseFile',
  'listen',
  'webhookSecretFile',
  'pollInterval',
  'resyncInterval',
  'historyBudget',
  'logLevel',
] as const satisfies readonly Key[];

/** What is followed is one thing: what is said of it first goes for all of them. */
const refKeys: readonly Key[] = ['branch', 'tag', 'semver', 'commit'];

/** What names a source: said for one it would hold for all. */
export const keysOfOne: readonly Key[] = ['repository', 'path', ...refKeys, 'tagPrefix'];

/** What was said, by whoever comes first. */
export function mergeSaid(
  layers: readonly Partial<Record<Key, string | number | boolean>>[],
): Said {
  const ofRef = layers.findIndex((layer) => refKeys.some((key) => layer[key] !== undefined));
  const followed = layers[ofRef];
  const said: Said = {};
  for (const key of keys) {
    const asked = refKeys.includes(key) ? [followed] : layers;
    const value = asked.map((layer) => layer?.[key]).find((each) => each !== undefined);
    if (value !== undefined) said[key] = String(value);
  }
  // A prefix that goes with versions says nothing of the tag, branch or commit that was said in their place.
  const ofPrefix = layers.findIndex(({ tagPrefix }) => tagPrefix !== undefined);
  if (followed !== undefined && followed.semver === undefined && ofPrefix > ofRef) {
    delete said.tagPrefix;
  }
  return said;
}

export function saidInEnvironment(environment: NodeJS.ProcessEnv): Said {
  const said: Said = {};
  for (const key of keys) {
    const value = environment[environmentName(key)];
    if (value !== undefined) said[key] = value;
  }
  return said;
}

/** `FLEETWRIGHT_TOKEN_FILE` for `tokenFile`. */
export function environmentName(key: string): string {
  return `FLEETWRIGHT_${wordsOf(key).join('_').toUpperCase()}`;
}

/** `token-file` for `tokenFile`. */
export function flagName(key: string): string {
  return wordsOf(key).join('-');
}

function wordsOf(key: string): readonly string[] {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' ');
}
