import { describe, expect, it } from 'vitest';

import type { Plan } from '../../../src/generated/plan.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import { packOrigins } from '../../../src/model/origin.ts';
import { refusedMarkdown } from '../../../src/report/diagnostics-markdown.ts';
import { planDocument } from '../../../src/report/plan-document.ts';
import { planMarkdown } from '../../../src/report/plan-markdown.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aCommit,
  anApplication,
  anUnreachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { commit, run } from '../rollout/scenario.ts';

const limit = 65_536;

function shop(tag: string, facts: ServiceFacts = {}): ApplicationSpec {
  const file = 'apps/shop/compose.yaml';
  const origins = packOrigins(
    new Map([
      ['', { file, line: 3, column: 3 }],
      ['image', { file, line: 4, column: 12 }],
      ['ports', { file, line: 7, column: 5 }],
    ]),
  );
  const container = { image: `testapp:${tag}`, ...facts.container };
  return anApplication([aService({ origins, ...facts, container })]);
}

function planOf(world: World): Plan {
  const hash = '5'.repeat(64);
  return { ...planDocument(world.desired, predict(world)), hash };
}

function markdownOf(plan: Plan): string {
  return planMarkdown({ plan, diagnostics: [], unreachable: [] });
}

const port = { target: 8080, protocol: 'tcp', hostIp: '', published: '80' } as const;
const fixed = { replicas: 2, container: { ports: [port] } };
const live = run(aWorld([shop('v1')])).world;
const update = planOf(commit(live, [shop('v2', { container: { user: 'app' } })], 2));

describe('planMarkdown()', () => {
  it('shows an update with the fields, the line that says so, and the line that approves it', () => {
    expect(markdownOf(update)).toMatchInlineSnapshot(`
      "<!-- fleetwright plan -->
      ### Fleetwright plan

      **1 application changes; instances: 1 replaced. No service loses an available instance.**

      For <code>000000000000</code> <code>change</code>.

      <details open><summary><code>shop</code></summary>

      | service | slot | host | action |
      | --- | --- | --- | --- |
      | <code>web</code> | <code>1</code> | <code>host-2</code> | create, start, update, stop, remove |

      | service | field | from | to | why |
      | --- | --- | --- | --- | --- |
      | <code>web</code> | <code>image</code> | <code>testapp:v1</code> | <code>testapp:v2</code> | <code>image changed and 1 more</code> <code>apps/shop/compose.yaml:4:12</code> |
      | <code>web</code> | <code>user</code> | <code>&#8211;</code> | <code>app</code> | <code>image changed and 1 more</code> <code>apps/shop/compose.yaml:4:12</code> |

      </details>


      Where plans must be approved, the message of the merge commit needs this line:

      \`\`\`
      Fleetwright-Plan: 5555555555555555555555555555555555555555555555555555555555555555
      \`\`\`"
    `);
  });

  it('shows how far availability falls, and why', () => {
    const world = commit(run(aWorld([shop('v1', fixed)])).world, [shop('v2', fixed)], 2);

    expect(markdownOf(planOf(world)).split('\n').slice(3, 9)).toMatchInlineSnapshot(`
      [
        "**1 application changes; instances: 2 replaced. 1 service has fewer available instances for a while.**",
        "",
        "For <code>000000000000</code> <code>change</code>.",
        "",
        "- <code>shop/web</code> falls to 1 of 2 available: <code>stop-first: it publishes host port 80, which two instances cannot share</code>",
        "",
      ]
    `);
  });

  it('says that nothing changes, and asks for no approval', () => {
    expect(markdownOf(planOf(live))).toMatchInlineSnapshot(`
      "<!-- fleetwright plan -->
      ### Fleetwright plan

      **Nothing changes: the fleet is as this commit asks.**

      For <code>000000000000</code> <code>change</code>.
      "
    `);
  });

  it('shows removals that are held', () => {
    expect(markdownOf(planOf(commit(live, [], 2)))).toContain(
      'held until <code>fleetwright sync --approve-prune 000000000000</code>',
    );
  });

  it('says what is to be said of the commit, what stands in the way, and what cannot be seen', () => {
    const place = { file: 'apps/shop/compose.yaml', line: 2, column: 5 };
    const warning = diagnosticAt(place, '', 'odd', 'it is odd', {
      severity: 'warning',
      hint: 'mend',
    });
    const plan = { ...planOf(aWorld([shop('v1', { ...fixed, replicas: 4 })])), hash: null };
    const text = planMarkdown({
      plan,
      diagnostics: [warning],
      unreachable: [anUnreachableHost('host-1')],
    });

    expect(text).toContain(
      '- warning at <code>apps/shop/compose.yaml:2:5</code>: <code>it is odd</code>',
    );
    expect(text).toContain('- <code>shop</code> does not go on: <code>Unplaceable: web/4');
    expect(text).toContain('- host <code>host-1</code> cannot be observed');
    expect(text).toContain('It has no hash to approve');
    expect(text).toContain(
      '**Nothing changes now. Not every host could be observed, so this is not all.**',
    );
  });

  it('shows values of others as they are, and as nothing else', () => {
    const image = 'testapp:v2|<b>@ada</b>\n/close';
    const text = markdownOf(planOf(commit(live, [shop('v2', { container: { image } })], 2)));

    expect(text).toContain('testapp:v2&#124;&#60;b&#62;&#64;ada&#60;/b&#62;&#92;n/close');
    expect(text).not.toMatch(/@|^\/close/m);
  });

  it('folds a plan of many lines', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...shop('v1'),
      name: `app-${index}`,
    }));

    expect(markdownOf(update)).toContain('<details open>');
    expect(markdownOf(planOf(aWorld(many)))).toContain('\n<details><summary>');
  });

  it.each([
    ['many applications', 3_000, 1],
    ['many fields', 1, 5_000],
    ['both', 80, 80],
  ])('of %s is cut to what a code host takes, and says so', (_case, applications, fields) => {
    const [first] = update.steps;
    if (first === undefined) throw new Error('the plan is empty');
    const changes = Array.from({ length: fields }, (_, index) => ({
      path: `environment.${index}`,
      from: '|'.repeat(1_000),
      to: index,
    }));
    const steps = Array.from({ length: applications }, (_, index) => ({
      ...first,
      application: `app-${index}`,
      cause: { ...first.cause, changes },
    }));
    const text = markdownOf({ ...update, steps });

    expect(text.length).toBeLessThan(limit);
    expect(text).toMatch(/^… /m);
    expect(text.match(/<details/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
    expect(text).toContain('Fleetwright-Plan: 5555');
  });
});

describe('refusedMarkdown()', () => {
  const problem = diagnosticAt({ file: 'a.yaml', line: 3, column: 7 }, '', 'bad', 'it is @bad');

  it('lists the problems with their places', () => {
    expect(refusedMarkdown({ commit: aCommit(7) }, [problem])).toMatchInlineSnapshot(`
      "<!-- fleetwright plan -->
      ### Fleetwright cannot accept this commit

      **1 problem** in <code>000000000000</code>; nothing is changed on any host.

      - error at <code>a.yaml:3:7</code>: <code>it is &#64;bad</code> (<code>bad</code>)"
    `);
  });

  it('is cut to what a code host takes', () => {
    const many = Array.from({ length: 5_000 }, () => problem);

    expect(refusedMarkdown({ commit: aCommit(7) }, many).length).toBeLessThan(limit);
  });
});
