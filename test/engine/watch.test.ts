import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Progress } from '../../src/generated/progress.ts';
import type { Status } from '../../src/generated/status.ts';
import { validateProgress, validateStatus } from '../../src/generated/validators.js';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

function manifest(image: string): object {
  return {
    services: { web: { image, deploy: { replicas: 3, update_config: { monitor: '4s' } } } },
  };
}

describe('what a command tells while things happen, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('watch-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
  });
  afterEach(async () => {
    await clearHosts(hosts, 'watch-test');
    await repository[Symbol.asyncDispose]();
  });

  it('is a document for each change with status --watch, over a commit, until Ctrl-C', async () => {
    expect((await commands.sync()).code).toBe(0);
    await using watch = commands.watch();
    const first = await eventually(
      'the first document',
      async () => watch.documents().at(0) ?? null,
    );
    expect(first.converged).toBe(true);

    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    const commit = await repository.commit('v2');
    expect((await commands.sync()).code).toBe(0);
    const last = await eventually('v2 in the watch', async () => {
      const found = watch.documents().at(-1);
      return found?.revision.commit === commit && found.converged ? found : null;
    });

    const documents = watch.documents();
    const invalid = documents.filter((document) => !validateStatus(document));
    expect(invalid).toEqual([]);
    expect(last.applications[0]?.slots.map(({ image }) => image)).toEqual([
      'testapp:v2',
      'testapp:v2',
      'testapp:v2',
    ]);
    // Something was seen of the rollout itself, and what did not change was not said again.
    expect(documents.some(isRollingOut)).toBe(true);
    const texts = documents.map((document) => JSON.stringify(document, withoutTimes));
    expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
    expect(await watch.end()).toBe(0);
    await using abandoned = commands.watch();
    expect(await abandoned.abandon()).toBe(0);
  });

  it('is a JSON object a line on stderr with sync --output json', async () => {
    const { code, stderr } = await commands.sync();

    expect(code, stderr).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    const progress = lines.map((line) => JSON.parse(line) as Progress);
    expect(progress.filter((line) => !validateProgress(line))).toEqual([]);
    const started = progress.filter((line) => line.kind === 'step' && line.outcome === 'started');
    const ended = progress.filter((line) => line.kind === 'step' && line.outcome === 'done');
    expect(started.length).toBe(ended.length);
    expect(started.length).toBeGreaterThan(0);
    expect(progress.find((line) => line.kind === 'wait')).toMatchObject({ application: 'shop' });
    const entries = progress.flatMap((line) => (line.kind === 'entry' ? [line.entry] : []));
    expect(entries).toContain('rollout-started');
    expect(entries).toContain('succeeded');
  });
});

function isRollingOut({ applications }: Status): boolean {
  return applications.some(({ rollout }) => rollout?.direction === 'forward');
}

function withoutTimes(key: string, value: unknown): unknown {
  return ['generatedAt', 'until', 'progressDeadlineAt'].includes(key) ? undefined : value;
}
