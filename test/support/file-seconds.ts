/**
 * About how many seconds a file of tests takes on a quiet machine with two cores. It need not be right, only right enough
 * for parts of one run to end at about the same time; a file that is not here is taken for one like most.
 */
export const fileSeconds: Readonly<Record<string, number>> = {
  'test/contract/engine.test.ts': 75,
  'test/engine-26/adopt-compose-2.test.ts': 16,
  'test/engine-26/sandbox.test.ts': 30,
  'test/engine/adopt.test.ts': 80,
  'test/engine/crash-points.test.ts': 48,
  'test/engine/crash.test.ts': 40,
  'test/engine/daemon-defaults.test.ts': 12,
  'test/engine/fleet-failures.test.ts': 10,
  'test/engine/files.test.ts': 10,
  'test/engine/hooks.test.ts': 40,
  'test/engine/http-repository.test.ts': 5,
  'test/engine/image-gc.test.ts': 60,
  'test/engine/key-lives.test.ts': 86,
  'test/engine/keys.test.ts': 15,
  'test/engine/on-change.test.ts': 38,
  'test/engine/registry-logins.test.ts': 53,
  'test/engine/rollouts.test.ts': 127,
  'test/engine/six-hosts.test.ts': 150,
  'test/engine/sources.test.ts': 6,
  'test/engine/ssh-hosts.test.ts': 42,
  'test/engine/ssh-repository.test.ts': 11,
  'test/engine/sync.test.ts': 40,
  'test/simulation/sweep.test.ts': 60,
  'test/simulation/simulation.test.ts': 13,
  'test/unit/reconcile/propose-drift.test.ts': 23,
  'test/unit/source/blame.test.ts': 19,
  'test/unit/source/followed-refs.test.ts': 50,
  'test/unit/source/http-faults.test.ts': 18,
  'test/unit/source/mirror-kills.test.ts': 16,
  'test/unit/source/secrets-stay.test.ts': 24,
  'test/unit/source/ssh-transport.test.ts': 39,
  'test/unit/source/submodules/submodule-permission.test.ts': 25,
  'test/unit/source/submodules/submodules.test.ts': 35,
  'test/unit/source/transports.test.ts': 62,
  'test/web/drift-page.test.ts': 34,
};

/** What `scripts/test-engines.ts` has done before each part: before the third, the tests on the newer engine and in a browser. */
export const secondsBefore: readonly number[] = [0, 0, 270];
