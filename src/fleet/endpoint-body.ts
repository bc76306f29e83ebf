import type { NetworkAttachment } from '../model/container.ts';
import { present } from '../model/present.ts';
import { isBuiltInNetwork } from '../model/built-in-network.ts';

/** An endpoint of a container as create and connect want it. */
export function endpointBody(attachment: NetworkAttachment): object {
  if (isBuiltInNetwork(attachment.network)) return {};
  return {
    Aliases: attachment.aliases,
    ...present({
      Links: attachment.links,
      IPAMConfig: present({
        IPv4Address: attachment.ipv4Address,
        IPv6Address: attachment.ipv6Address,
        LinkLocalIPs: attachment.linkLocalIps,
      }),
      MacAddress: attachment.macAddress,
      DriverOpts: attachment.driverOptions,
      GwPriority: attachment.gatewayPriority,
    }),
  };
}
