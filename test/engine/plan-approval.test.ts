import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Status } from '../../src/generated/status.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'plan-test';
const required = '--plan-require-approved=true';

function web(image: string, replicas = 2): object {
  const deploy = { replicas, update_config: { monitor: '0s' } };
  return { services: { web: { image, deploy } } };
}

function approving(subject: string, hash: string): string {
  return `${subject}\n\nFleetwright-Plan: ${hash}\n`;
}

describe('where plans must be approved', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterEach(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  /** The hash in the comment on a pull request. */
  async function commentedHash(branch: string): Promise<string> {
    const { code, stdout, stderr } = await commands.run(
      'plan',
      `--revision=${branch}`,
      '--output=markdown',
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('### Fleetwright plan');
    return /^Fleetwright-Plan: ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
  }

  /** A branch with one commit on top of main, which stays checked out. */
  async function propose(branch: string, manifest: object): Promise<string> {
    await repository.git('switch', '--quiet', '--create', branch);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit(branch);
    await repository.git('switch', '--quiet', 'main');
    return commentedHash(branch);
  }

  async function merge(branch: string, hash: string): Promise<string> {
    const message = approving(`Merge ${branch}`, hash);
    await repository.git('merge', '--quiet', '--no-ff', `--message=${message}`, branch);
    return repository.git('rev-parse', 'HEAD');
  }

  function statusWhen(what: string, isIt: (status: Status) => boolean): Promise<Status> {
    return eventually(what, async () => {
      const status = await commands.status();
      return isIt(status) ? status : null;
    });
  }

  const readyAt = (commit: string): Promise<Status> =>
    statusWhen(`${commit} to be carried out`, ({ revision, converged, applications }) => {
      const isReady = applications.every(({ conditions }) =>
        conditions.some(({ type, status }) => type === 'Ready' && status),
      );
      return revision.commit === commit && converged && isReady;
    });

  const images = async (): Promise<readonly string[]> =>
    (await listContainers(hosts, fleet))
      .filter(({ state }) => state === 'running')
      .map(({ image }) => image);

  it('a merge is followed as it was reviewed, and refused once others have changed the fleet', async () => {
    await repository.write('shop/compose.yaml', web('testapp:v1'));
    await repository.commit('first');
    const refused = await commands.run('sync', required);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('[plan-not-approved]');
    expect(await images()).toEqual([]);

    const first = await repository.commit(approving('Approve', await commentedHash('main')));
    const synced = await commands.run('sync', required);
    expect(synced.code, synced.stderr).toBe(0);
    await using daemon = commands.start(required);
    await readyAt(first);

    const one = await propose('one', web('testapp:v2'));
    const two = await propose('two', { ...web('testapp:v1', 3) });
    const merged = await merge('one', one);
    await readyAt(merged);
    expect(await images()).toEqual(['testapp:v2', 'testapp:v2']);

    const stale = await merge('two', two);
    const status = await statusWhen('the stale merge to be refused', ({ rejected }) => {
      return rejected?.revision.commit === stale;
    });
    expect(status.revision.commit).toBe(merged);
    expect(status.rejected?.first).toContain(`approves the plan ${two}`);
    expect(await images()).toEqual(['testapp:v2', 'testapp:v2']);

    const approved = await repository.commit(approving('Approve', await commentedHash('main')));
    await readyAt(approved);
    expect(await images()).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);

    const asked = await commands.run('rollback', 'shop', '--to', merged, required);
    expect(asked.code, asked.stderr).toBe(0);
    await readyAt(await repository.git('rev-parse', 'HEAD'));
    expect(await images()).toEqual(['testapp:v2', 'testapp:v2']);

    const words = await repository.commit('nothing to approve');
    await readyAt(words);
    await daemon.end('SIGTERM');
  });
});
