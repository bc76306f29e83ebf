import { imageMatcher } from '../model/image.ts';
import type { ObservedImage } from '../model/observation.ts';
import { serviceOn } from '../model/variants.ts';
import type { Candidate } from './candidates.ts';
import type { Demand } from './demand.ts';
import { rendezvous, stir } from './rendezvous.ts';
import { tenthsOf } from './room.ts';

/** A host that admits a service, with what tells how good it is for one more slot of it: less is better. */
export interface RankedHost {
  readonly host: Candidate;
  /** Slots of the service, of its application, and all slots there. */
  service: number;
  application: number;
  total: number;
  /** Tenths of the host that are reserved once the slot is there. */
  tenths: number;
  readonly isImageMissing: boolean;
  readonly rendezvous: number;
}

/** Judges hosts for one more slot of a service. */
export function ranking(demand: Demand): (host: Candidate) => RankedHost {
  const matchers = new Map<string, (image: ObservedImage) => boolean>();
  const isThere = ({ name, observation }: Candidate): boolean => {
    const { image } = serviceOn(demand.service, name).container;
    const isImage = matchers.get(image) ?? imageMatcher(image);
    matchers.set(image, isImage);
    return observation.images.some(isImage);
  };
  const key = stir(demand.key);
  return (host) => {
    const ranked: RankedHost = {
      host,
      service: 0,
      application: 0,
      total: 0,
      tenths: 0,
      isImageMissing: !isThere(host),
      rendezvous: rendezvous(key, host.stirred),
    };
    measure(ranked, demand);
    return ranked;
  };
}

/** Brings up to date what changes with each slot that is given to the host. */
export function measure(ranked: RankedHost, { slots, neighbours, needs }: Demand): void {
  const { name, room, load } = ranked.host;
  ranked.service = slots.get(name) ?? 0;
  ranked.application = neighbours.get(name) ?? 0;
  ranked.total = load.slots;
  ranked.tenths = tenthsOf(room, load, needs(name).reservation);
}

/**
 * Negative when the first host is the better one: the first difference decides. That the image is there comes last but for
 * chance: it must not gather on one host all that is made from one image.
 */
export function compareRanked(a: RankedHost, b: RankedHost): number {
  return (
    a.service - b.service ||
    a.application - b.application ||
    a.tenths - b.tenths ||
    a.total - b.total ||
    Number(a.isImageMissing) - Number(b.isImageMissing) ||
    a.rendezvous - b.rendezvous ||
    (a.host.name < b.host.name ? -1 : 1)
  );
}
