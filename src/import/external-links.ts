import type { NetworkAttachment } from '../model/container.ts';

/**
 * The links to containers of others. Those of Compose's `links` lead to containers of the project, which are reached by
 * the names of their services anyway.
 *
 * @param own names of the containers of the project
 */
export function externalLinks(
  networks: readonly NetworkAttachment[],
  own: ReadonlySet<string>,
): readonly string[] {
  const links = networks.flatMap((attachment) => attachment.links ?? []);
  return links.filter((link) => !own.has(link.replace(/:.*$/s, '')));
}
