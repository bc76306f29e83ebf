import { caddyRouter } from './caddy-router.ts';
import { haproxyRouter } from './haproxy-router.ts';
import type { OpenRouter } from './traffic-router.ts';

const routers = { haproxy: haproxyRouter, caddy: caddyRouter };

/** The way to the proxies of a fleet, through the engines of their hosts. */
export const openRouter: OpenRouter = (fleet, ingress) => routers[ingress.driver](fleet, ingress);
