import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fleetwright, startDaemon } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const secret = 'planted-webhook-secret';

function manifest(image: string): object {
  return { services: { web: { image, deploy: { update_config: { monitor: '0s' } } } } };
}

describe('one operator with several sources', () => {
  const { hosts, credentials } = sharedSandbox();
  let shop: ConfigRepository;
  let infra: ConfigRepository;
  let config: string;

  beforeAll(async () => {
    shop = await ConfigRepository.create('source-shop', hosts);
    infra = await ConfigRepository.create('source-infra', hosts);
    await shop.write('web/compose.yaml', manifest('testapp:v1'));
    await infra.write('proxy/compose.yaml', manifest('testapp:v1'));
    await Promise.all([shop.commit('v1'), infra.commit('v1')]);
    await writeFile(shop.beside('secret'), secret);
    config = shop.beside('fleetwright.yaml');
    await writeFile(
      config,
      JSON.stringify({
        state: shop.beside('state'),
        credentials,
        listen: '127.0.0.1:0',
        webhookSecretFile: shop.beside('secret'),
        pollInterval: '1h',
        sources: { shop: { repository: shop.dir }, infra: { repository: infra.dir } },
      }),
    );
  });
  afterAll(async () => {
    await clearHosts(hosts, 'source-shop');
    await clearHosts(hosts, 'source-infra');
    await shop[Symbol.asyncDispose]();
    await infra[Symbol.asyncDispose]();
  });

  const imageOf = async (fleet: string): Promise<string | null> => {
    const containers = await listContainers(hosts, fleet);
    return containers.find(({ state }) => state === 'running')?.image ?? null;
  };

  it('keeps a fleet for each, changes one by a commit to its repository, and refuses a fleet of another', async () => {
    await using daemon = startDaemon([`--config=${config}`]);
    await eventually('both fleets', async () =>
      (await imageOf('source-shop')) !== null && (await imageOf('source-infra')) !== null
        ? true
        : null,
    );
    const [before] = await listContainers(hosts, 'source-infra');

    await shop.write('web/compose.yaml', manifest('testapp:v2'));
    await shop.commit('v2');
    await eventually('v2 of the shop', async () =>
      (await imageOf('source-shop')) === 'testapp:v2' ? true : null,
    );
    const [after] = await listContainers(hosts, 'source-infra');
    expect(after?.id).toBe(before?.id);

    const unnamed = await fleetwright('status', `--config=${config}`);
    expect([unnamed.code, unnamed.stderr]).toEqual([
      2,
      expect.stringContaining('say which one with --source, of shop, infra'),
    ]);
    const named = await fleetwright('status', `--config=${config}`, '--source=infra');
    expect([named.code, named.stdout]).toEqual([0, expect.stringContaining('proxy')]);

    const fleet = await readFile(join(infra.dir, 'fleet.yaml'), 'utf8');
    await infra.write('fleet.yaml', fleet.replace('source-infra', 'source-shop'));
    await infra.commit('the name of another');
    await eventually('the refusal', async () =>
      daemon.log().includes('is that of the source \\"shop\\"') ? true : null,
    );
    expect(await imageOf('source-infra')).toBe('testapp:v1');

    const body = '{}';
    const port = /127\.0\.0\.1:(\d+)/.exec(daemon.log())?.[1] ?? expect.fail('it does not listen');
    const digest = createHmac('sha256', secret).update(body).digest('hex');
    const answer = await fetch(`http://127.0.0.1:${port}/webhooks/generic`, {
      method: 'POST',
      body,
      headers: { 'x-signature': `sha256=${digest}` },
    });
    expect(answer.status).toBe(202);
    await daemon.end('SIGTERM');
  });

  it('is not started when one of them is nowhere, exit 2', async () => {
    const broken = shop.beside('broken.yaml');
    const sources = { shop: { repository: shop.dir }, gone: { repository: '/nonexistent/fleet' } };
    await writeFile(broken, JSON.stringify({ state: shop.beside('broken'), credentials, sources }));

    const { code, stderr } = await fleetwright('run', `--config=${broken}`);

    expect([code, stderr]).toEqual([2, expect.stringContaining('/nonexistent/fleet')]);
  });
});
