import type { NetworkAttachment } from '../model/container.ts';
import { attachmentDifference } from '../model/same-attachment.ts';
import type { FieldDifference } from './field-difference.ts';

/** An attachment that is not as it is asked for, that is missing, or that nobody asks for. */
export interface NetworkDifference extends FieldDifference {
  /** Null: it is not to be there. */
  readonly wanted: NetworkAttachment | null;
  readonly network: string;
  /** Its MAC address is another one, which no engine changes under a container. */
  readonly isOtherCard: boolean;
}

/** @param application whose own networks are called by the names that its manifest has for them */
export function compareNetworks(
  application: string,
  wanted: readonly NetworkAttachment[],
  observed: readonly NetworkAttachment[],
): readonly NetworkDifference[] {
  const attached = new Map(observed.map((attachment) => [attachment.network, attachment]));
  const asked = new Set(wanted.map(({ network }) => network));
  const differing = wanted.flatMap((attachment): readonly NetworkDifference[] => {
    const there = attached.get(attachment.network);
    const changed = there === undefined ? ['network'] : attachmentDifference(attachment, there);
    if (changed.length === 0) return [];
    return [
      {
        path: networkPath(application, attachment.network),
        desired: attachmentWords(attachment),
        observed: there === undefined ? null : attachmentWords(there, attachment),
        wanted: attachment,
        network: attachment.network,
        isOtherCard: changed.includes('macAddress'),
      },
    ];
  });
  const extra = observed.filter(({ network }) => !asked.has(network));
  return [
    ...differing,
    ...extra.map((attachment) => ({
      path: networkPath(application, attachment.network),
      desired: null,
      observed: attachmentWords(attachment),
      wanted: null,
      network: attachment.network,
      isOtherCard: false,
    })),
  ];
}

/** The path of an attachment: by the key under which the manifest knows a network of its own. */
export function networkPath(application: string, network: string): string {
  const prefix = `${application}_`;
  const key = network.startsWith(prefix) ? network.slice(prefix.length) : network;
  return `networks.${key}`;
}

/** Its aliases, and its settings as far as `asked` sets them too. */
function attachmentWords(
  attachment: NetworkAttachment,
  asked: NetworkAttachment = attachment,
): readonly string[] {
  const { network: _network, aliases, priority: _priority, ...settings } = attachment;
  const words = Object.entries(settings)
    .filter(([key]) => Object.hasOwn(asked, key))
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  return [...aliases, ...words.toSorted()];
}
