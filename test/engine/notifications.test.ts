import { writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Notice } from '../../src/generated/notice.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { eventually } from '../support/eventually.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'notifications-test';

describe('notifications, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('tells of a commit from its push to its end, beside receivers that hang and fail', async () => {
    await using statuses = await startRecorder();
    await using webhook = await startRecorder();
    await using hanging = await startRecorder();
    await using failing = await startRecorder();
    hanging.mood = 'hang';
    failing.mood = { status: 500 };
    const config = writeConfig(repository, { statuses, webhook, hanging, failing });
    const commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest());
    const good = await repository.commit('good');
    await using daemon = commands.start(`--config=${config}`);
    await eventually(`success: ${daemon.log()}`, async () => statuses.requests[1] ?? null);
    await repository.write('shop/compose.yaml', manifest('    imgae: testapp:v1\n'));
    const broken = await repository.commit('broken');
    await eventually(`failure: ${daemon.log()}`, async () => statuses.requests[2] ?? null);
    await eventually('the webhook', async () => webhook.requests[4] ?? null);

    expect(statuses.requests.map(({ path }) => path)).toEqual(
      [good, good, broken].map((commit) => `/repos/team/fleet/statuses/${commit}`),
    );
    const bodies = statuses.requests.map(({ body }) => JSON.parse(body) as { description: string });
    const context = `fleetwright/${fleet}`;
    expect(bodies).toMatchObject([
      { state: 'pending', context },
      { state: 'success', context },
      { state: 'failure', context },
    ]);
    expect(bodies[2]?.description).toMatch(/^shop\/compose\.yaml:4:5: .*imgae/);
    const events = webhook.requests.map(({ body }) => (JSON.parse(body) as Notice).event);
    expect(events).toEqual([
      'commit-accepted',
      'rollout-started',
      'rollout-succeeded',
      'commit-converged',
      'commit-rejected',
    ]);
    // One that hangs has its first notice still.
    expect(hanging.requests.length).toBeGreaterThan(0);
    expect(new Set(hanging.requests.map(({ headers }) => headers['x-fleetwright-id'])).size).toBe(
      1,
    );
    expect((await commands.status()).receivers).toContainEqual({
      name: 'failing',
      failingSince: expect.any(String) as string,
      reason: expect.stringMatching(/answers HTTP 500$/) as string,
      waiting: 5,
      givenUp: 0,
    });
  });
});

function manifest(more = ''): string {
  return `services:
  web:
    image: testapp:v1
${more}    deploy: { update_config: { monitor: 0s } }
`;
}

function writeConfig(
  repository: ConfigRepository,
  recorders: Readonly<Record<'statuses' | 'webhook' | 'hanging' | 'failing', Recorder>>,
): string {
  const [tokenFile, secretFile] = ['token', 'secret'].map((name) => repository.beside(name));
  for (const file of [tokenFile, secretFile]) writeFileSync(file ?? '', 'planted\n');
  const { statuses, ...webhooks } = recorders;
  const api = { apiUrl: statuses.url, project: 'team/fleet', tokenFile };
  const notifications = [
    ...Object.entries(webhooks).map(([name, { url }]) => ({
      name,
      type: 'webhook',
      url,
      secretFile,
    })),
    { name: 'statuses', type: 'github', ...api },
  ];
  const config = repository.beside('fleetwright.yaml');
  writeFileSync(config, JSON.stringify({ notifications }));
  return config;
}
