import type { StepFailure } from '../model/step.ts';

/** What a refusal is judged from: the status, the engine's own words, and what the step was about. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** The image that the step needs, or empty. */
  readonly image: string;
  /** The entry of config.json whose login was sent to the registry of the image, or empty. */
  readonly login: string;
}

interface FailureRule {
  readonly class: StepFailure['class'];
  readonly reason: string;
  readonly when: (refusal: Refusal) => boolean;
  /** What to do about it, or empty. */
  readonly hint: string;
}

/**
 * Whose fault a refusal is, by semantics §10.3; the first rule that holds wins. The engine tells by its words: engine
 * 20.10 answers 500 to a full disk, to a taken port and to a registry that wants a password alike.
 */
const rules: readonly FailureRule[] = [
  {
    class: 'infrastructure',
    reason: 'DiskFull',
    when: says(/no space left on device|disk quota exceeded/i),
    hint: 'free space on the host',
  },
  {
    class: 'capacity',
    reason: 'PortConflict',
    when: says(/port is already allocated|address already in use/i),
    hint: 'publish another port, or stop what holds it',
  },
  {
    class: 'revision',
    reason: 'PlatformMismatch',
    when: says(
      /no matching manifest for|does not match the (specified|detected) platform|exec format error/i,
    ),
    hint: 'use an image for the platform of the host',
  },
  {
    // What was sent is ours, and no commit can mend it.
    class: 'infrastructure',
    reason: 'LoginRefused',
    when: (refusal) => refusal.login !== '' && isUnauthorized(refusal),
    hint: 'check this login in config.json of the folder of credentials, and that it may pull the image',
  },
  {
    class: 'revision',
    reason: 'ImageUnauthorized',
    when: isUnauthorized,
    hint: 'check the name; a login for its registry goes into config.json of the folder of credentials',
  },
  {
    class: 'infrastructure',
    reason: 'RegistryUnavailable',
    when: (refusal) =>
      refusal.image !== '' &&
      /toomanyrequests|too many requests|dial tcp|timeout|no such host|connection re(fused|set)|TLS handshake|x509|\bEOF\b|server (gave|error)|received unexpected HTTP status/i.test(
        refusal.message,
      ),
    hint: 'check the registry and the way to it from the host',
  },
  {
    class: 'revision',
    reason: 'ImageNotFound',
    when: says(/manifest unknown|manifest for .* not found|no such image|name unknown/i),
    hint: 'check the name and the tag',
  },
  {
    class: 'revision',
    reason: 'NetworkNotFound',
    when: (refusal) => refusal.status === 404 && /network .* not found/i.test(refusal.message),
    hint: 'create the network, or let the manifest define it',
  },
  {
    class: 'revision',
    reason: 'CannotStart',
    when: says(
      /executable file not found|exec: ".*"|unable to find user|no matching entries in passwd|error mounting|chdir to cwd|not a directory|not a shared( or slave)? mount/i,
    ),
    hint: 'check command, entrypoint, user and mounts',
  },
  {
    class: 'revision',
    reason: 'ReadOnlyContainer',
    when: says(/rootfs is marked read-only/i),
    hint: 'files cannot be delivered into a read-only container',
  },
  {
    class: 'revision',
    reason: 'InvalidConfiguration',
    // What it was to share something with may have gone in the meantime.
    when: ({ status, message }) => status === 400 && !/no such container/i.test(message),
    hint: 'the engine refuses this configuration',
  },
  {
    class: 'capacity',
    reason: 'NameConflict',
    when: (refusal) => refusal.status === 409 && /name .* already in use/i.test(refusal.message),
    hint: 'remove or rename what holds the name',
  },
];

/** Judges a refusal of the engine. `doing` says what was refused: `start container "web"`. */
export function classifyRefusal(doing: string, refusal: Refusal): StepFailure {
  const rule = rules.find(({ when }) => when(refusal));
  const as = refusal.login === '' ? '' : ` with the login for "${refusal.login}"`;
  const message = `Cannot ${doing}${as}: ${refusal.message}`;
  if (rule === undefined) {
    const reason = refusal.image === '' ? 'EngineFailure' : 'RegistryUnavailable';
    return { class: 'infrastructure', reason, message };
  }
  return { class: rule.class, reason: rule.reason, message: `${message} (${rule.hint})` };
}

/** The host port that a refusal is about, or null: `Bind for 0.0.0.0:8080 failed`, `listen tcp4 0.0.0.0:8080: bind: …`. */
export function refusedPort(message: string): number | null {
  const match = /(?:Bind for|listen \w+) \S*?:(\d+)(?: failed|: bind)/i.exec(message);
  return match === null ? null : Number(match[1]);
}

function isUnauthorized({ image, message }: Refusal): boolean {
  return (
    image !== '' &&
    /unauthorized|authentication required|no basic auth credentials|\bdenied\b/i.test(message)
  );
}

function says(pattern: RegExp): (refusal: Refusal) => boolean {
  return (refusal) => pattern.test(refusal.message);
}
