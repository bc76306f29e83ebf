import type { Application, Status } from '../generated/status.ts';
import type { Output } from '../cli/output.ts';
import { wrap } from '../report/text.ts';
import type { CommandLine } from './command-line.ts';
import { docker } from './command-line.ts';
import type { Ground, GroundHost } from './ground.ts';
import type { DemoRepository } from './repository.ts';

export interface Stage {
  readonly ground: Ground;
  readonly repository: DemoRepository;
  readonly commands: CommandLine;
  readonly daemonLog: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const manifest = 'apps/shop/compose.yaml';
const patienceMs = 60_000;
const pollMs = 300;

/** Deploy, roll out, fail and roll back, revert, drift and heal: each shown as a person at a shell would see it. */
export async function tellStory(stage: Stage): Promise<void> {
  const { ground, repository, commands, output } = stage;
  const narrator = new Narrator(output);

  narrator.chapter(`Deploy: the first commit, on ${ground.hosts.length} Docker hosts`);
  narrator.say(
    'The repository holds three applications: a web service with six replicas and a health gate, an agent on every host, and a store with a volume pinned to one host.',
  );
  await repository.commit('Describe the fleet and three applications');
  narrator.show('$ fleetwright plan', await commands.run('plan'));
  await using daemon = commands.start(stage.daemonLog);
  narrator.say('The daemon runs now: fleetwright run. It has read the commit and deploys it.');
  narrator.show('$ fleetwright status', await waitFor(stage, isReady));

  narrator.chapter('Roll out: a commit with a new version');
  await repository.edit(manifest, 'testapp:v1', 'testapp:v2');
  await repository.commit('shop: v2');
  narrator.say(
    'Six instances are replaced, two at a time, each new one started and healthy before an old one stops.',
  );
  narrator.show('$ fleetwright status', await waitFor(stage, runs('testapp:v2')));
  const before = await shopContainers(ground);

  narrator.chapter('Fail: a commit with a broken version');
  await repository.edit(manifest, 'testapp:v2', 'testapp:unhealthy');
  await repository.commit('shop: v3, which never becomes healthy');
  narrator.say(
    'Its health check fails. The new instances are taken away, the last-known-good version stays, and this one is not tried again.',
  );
  narrator.show('$ fleetwright status', await waitFor(stage, isRolledBack));
  const after = await shopContainers(ground);
  const isSame = before.join() === after.join();
  narrator.say(
    isSame
      ? `The ${before.length} containers of v2 are the same ones as before: none was stopped or restarted.`
      : 'Something is wrong: the containers of v2 are not those from before.',
  );

  narrator.chapter('Revert: git revert of the broken commit');
  await repository.edit(manifest, 'testapp:unhealthy', 'testapp:v2');
  await repository.commit('Revert "shop: v3, which never becomes healthy"');
  narrator.say('The manifests are again what runs, so there is nothing to do but to say so.');
  narrator.show('$ fleetwright status', await waitFor(stage, runs('testapp:v2')));

  narrator.chapter('Drift: someone changes containers by hand');
  for (const line of await changeByHand(ground)) narrator.show(line, '');
  narrator.say(
    'The daemon sees it by the events of Docker and puts it right. The report says what was, what should be, which line says so, and who wrote it.',
  );
  await waitFor(stage, isReady);
  narrator.show('$ fleetwright drift', await commands.run('drift'));

  narrator.chapter('That was it');
  narrator.say(
    'Push a commit to deploy, revert one to roll back, read a report to see drift. Everything of this demo is removed now.',
  );
  await daemon[Symbol.asyncDispose]();
}

type Condition = (shop: Application, status: Status) => boolean;

function isReady(_shop: Application, status: Status): boolean {
  return status.converged;
}

function runs(image: string): Condition {
  return (shop, status) => status.converged && shop.services[0]?.image === image;
}

function isRolledBack(shop: Application): boolean {
  const isQuiet = shop.conditions.every(({ type, status }) => type !== 'Reconciling' || !status);
  return shop.target === 'rollback' && isQuiet;
}

/** Waits until the application `shop` is as wanted and gives the status as text. */
async function waitFor(stage: Stage, condition: Condition): Promise<string> {
  const { commands, signal } = stage;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    const status = await commands.status();
    const shop = status?.applications.find(({ application }) => application === 'shop');
    const isThere = status !== null && shop !== undefined && condition(shop, status);
    if (isThere) return commands.run('status');
    if (Date.now() > deadline) {
      const seen = await commands.run('status');
      throw new Error(
        `The demo waited ${patienceMs / 1000} s in vain. This is how things stand:\n${seen}`,
      );
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}

/** Ids of the running containers of the shop on all hosts, sorted. */
async function shopContainers(ground: Ground): Promise<readonly string[]> {
  const lists = await Promise.all(
    ground.hosts.map(({ env }) =>
      docker(env, 'ps', '--no-trunc', '--quiet', '--filter', 'label=fleetwright.app=shop'),
    ),
  );
  return lists
    .flatMap((list) => list.split('\n'))
    .filter((id) => id !== '')
    .toSorted();
}

/** What people do at a shell; gives the commands as they would have typed them. */
async function changeByHand(ground: Ground): Promise<readonly string[]> {
  const first = ground.hosts[0];
  const last = ground.hosts.at(-1);
  if (first === undefined || last === undefined) return [];
  const [updated = ''] = await namesOn(first);
  const removed = (await namesOn(last)).at(-1) ?? '';
  const update = ['update', '--memory', '128m', '--memory-swap', '256m', updated];
  await docker(first.env, ...update);
  await docker(last.env, 'rm', '--force', removed);
  return [
    `$ docker ${update.join(' ')}      # on ${first.name}`,
    `$ docker rm --force ${removed}      # on ${last.name}`,
  ];
}

async function namesOn({ env }: GroundHost): Promise<readonly string[]> {
  const format = ['--format', '{{.Names}}', '--filter', 'label=fleetwright.app=shop'];
  const list = await docker(env, 'ps', ...format);
  return list.split('\n').toSorted();
}

/** Numbered chapters, sentences, and commands with what they print. */
class Narrator {
  readonly #output: Output;
  #chapter = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  chapter(title: string): void {
    this.#chapter += 1;
    const { style, data } = this.#output;
    data(`\n${style.bold(`${this.#chapter}. ${title}`)}\n`);
  }

  say(text: string): void {
    this.#output.data(`${wrap(text, '')}\n`);
  }

  show(command: string, printed: string): void {
    const { style, data } = this.#output;
    data(`   ${style.cyan(command)}`);
    if (printed !== '') data(`${printed.replaceAll(/^(?=.)/gm, '   ')}\n`);
  }
}
