import type { Adoption as AdoptionDocument } from '../generated/plan.ts';
import type { Adoption } from '../rollout/decide-adoption.ts';
import type { Claim } from '../rollout/claims.ts';
import { isAdoptable } from '../rollout/claims.ts';
import type { Style } from './style.ts';
import { formatField, wrap } from './text.ts';

/** What becomes of the containers that manifests name to be adopted. */
export function adoptionDocuments(adoptions: readonly Adoption[]): AdoptionDocument[] {
  return adoptions.flatMap((adoption) => [
    ...adoption.claims.map((claim) =>
      claimDocument(adoption, claim, adoption.refusal === null ? 'adopted' : 'refused'),
    ),
    ...adoption.superseded.map((claim) => claimDocument(adoption, claim, 'superseded')),
    ...adoption.unclaimed.map((container) => ({
      application: adoption.application,
      service: '',
      slot: '',
      host: container.host,
      container: container.name,
      outcome: 'unclaimed' as const,
      differs: false,
      changes: [],
    })),
  ]);
}

function claimDocument(
  { application }: Adoption,
  claim: Claim,
  outcome: AdoptionDocument['outcome'],
): AdoptionDocument {
  const { service, slot, container, differences } = claim;
  return {
    application,
    service: service.name,
    slot,
    host: container.host,
    container: container.name,
    outcome,
    differs: !isAdoptable(claim),
    changes: differences.map(({ path, observed, desired }) => ({
      path,
      from: shown(path, observed),
      to: shown(path, desired),
    })),
  };
}

/** The environment of what somebody else made may hold secrets that no manifest has. */
function shown(
  path: string,
  value: string | number | boolean | null | readonly string[],
): AdoptionDocument['changes'][number]['from'] {
  if (value === null) return null;
  if (path.startsWith('environment.')) return '(a value)';
  return typeof value === 'object' ? [...value] : value;
}

/** The adoptions of a plan as text: one line per container, and what differs below it. */
export function renderAdoptions(
  adoptions: readonly AdoptionDocument[],
  style: Style,
): readonly string[] {
  const applications = [...new Set(adoptions.map(({ application }) => application))];
  return applications.flatMap((application) => {
    const own = adoptions.filter((adoption) => adoption.application === application);
    return [
      style.bold(`${application}: adoption`),
      ...own.flatMap((one) => render(one, style)),
      '',
    ];
  });
}

function render(adoption: AdoptionDocument, style: Style): readonly string[] {
  const { service, slot, host, container, outcome, differs, changes } = adoption;
  const who = `container ${container} on ${host}`;
  const { mark, text, paint } = {
    adopted: {
      mark: '=',
      text: `${who} becomes ${service}/${slot}, not restarted`,
      paint: style.green,
    },
    refused: {
      mark: '!',
      text: differs
        ? `${who} differs from ${service}/${slot} and is left alone`
        : `${who} is as ${service}/${slot} asks, and waits for the others`,
      paint: differs ? style.red : style.yellow,
    },
    superseded: {
      mark: '.',
      text: `${who} is left alone: ${service}/${slot} has an instance already`,
      paint: style.yellow,
    },
    unclaimed: {
      mark: '.',
      text: `${who} is left alone: it is of no service of the manifest`,
      paint: style.yellow,
    },
  }[outcome];
  const fields = changes.map(({ path, from, to }) =>
    wrap(`${path}: ${formatField(path, from)} → ${formatField(path, to)}`, '        ', '      '),
  );
  return [paint(wrap(text, '      ', `  ${mark} `)), ...fields];
}
