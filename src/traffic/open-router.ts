import { messageOf } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import { caddyRouter } from './caddy-router.ts';
import { haproxyRouter } from './haproxy-router.ts';
import type { OpenRouter } from './traffic-router.ts';

const routers = { haproxy: haproxyRouter, caddy: caddyRouter };

/** What is told to people of an error, which may hold what a proxy said. */
const saidChars = 200;

/** The way to the proxies of a group, through the engines of their hosts. */
export const openRouter: OpenRouter = (fleet, group) => {
  const router = routers[group.driver](fleet, group);
  return {
    async ask(...asked) {
      try {
        return await router.ask(...asked);
      } catch (error) {
        // Whatever is wrong with an answer is trouble with this proxy, and not with the daemon.
        return `what it says cannot be read: ${printable(messageOf(error), saidChars)}`;
      }
    },
  };
};
