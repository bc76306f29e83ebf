import type { NetworkAttachment } from '../model/container.ts';
import { attachmentDifference } from '../model/same-attachment.ts';
import type { StepOutcome } from '../model/step.ts';
import { endpointBody } from './endpoint-body.ts';
import { enginePath } from './engine-path.ts';
import { findNetworks } from './execute-object.ts';
import { containerName } from './normal-form.ts';
import { projectNetworks } from './project-spec.ts';
import type { StepRun } from './step-run.ts';
import { failed } from './step-run.ts';
import type { WireContainer } from './wire.ts';

export type ResolvedNetwork =
  | { readonly kind: 'found'; readonly id: string }
  | { readonly kind: 'refused'; readonly outcome: StepOutcome };

/** The id of a network: a name may be borne by two networks, and then means neither. */
export async function resolveNetwork(run: StepRun, name: string): Promise<ResolvedNetwork> {
  const [network, ...others] = await findNetworks(run, name);
  if (network !== undefined && others.length === 0) return { kind: 'found', id: network.Id };
  const host = run.context.host.name;
  const outcome =
    network === undefined
      ? failed(
          'revision',
          'NetworkNotFound',
          `Cannot use network "${name}": it does not exist on host "${host}" (create it there, or let the manifest define it)`,
        )
      : failed(
          'capacity',
          'NetworkAmbiguous',
          `Cannot use network "${name}": host "${host}" has ${others.length + 1} networks of that name (remove all but one)`,
        );
  return { kind: 'refused', outcome };
}

/** Attaches a container to a network as it is asked for, unless it is so already. */
export async function attach(
  run: StepRun,
  container: WireContainer,
  networkId: string,
  attachment: NetworkAttachment,
): Promise<void> {
  const { network } = attachment;
  const name = containerName(container);
  const attached = projectNetworks(container).find((each) => each.network === network);
  if (attached !== undefined) {
    if (attachmentDifference(attachment, attached).length === 0) return;
    await run.mutate({
      what: `disconnect container "${name}" from network "${network}"`,
      method: 'POST',
      path: enginePath`/networks/${networkId}/disconnect`,
      body: { Container: container.Id },
    });
  }
  await run.mutate({
    what: `connect container "${name}" to network "${network}"`,
    method: 'POST',
    path: enginePath`/networks/${networkId}/connect`,
    body: {
      Container: container.Id,
      EndpointConfig: endpointBody(attachment),
    },
  });
}
