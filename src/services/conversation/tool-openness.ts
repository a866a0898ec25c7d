// Which tools can be called from outside a run, over HTTP or the socket. What acts on the machine, on other sessions or on
// the gateway itself is closed until the configuration opens it; an agent may have it all the same.

import type { Principal } from '../../protocol/scopes.ts'
import { isNamed } from './tool-policy.ts'

const CLOSED: readonly string[] = [
  'exec', 'bash', 'process', 'spawn', 'shell', 'fs_write', 'fs_delete', 'fs_move', 'apply_patch', 'write', 'edit',
  'sessions_spawn', 'sessions_send', 'cron', 'gateway', 'nodes',
] // prettier-ignore

/** To open them is not enough: they are an admin's. */
const ADMINS: readonly string[] = ['cron', 'gateway', 'nodes']

export function isOpen(name: string, principal: Principal, { allow = [], deny = [] }: { readonly allow?: readonly string[] | undefined; readonly deny?: readonly string[] | undefined } = {}): boolean {
  const tool = { name, group: 'gateway' as const }
  if (isNamed(deny, tool)) return false
  if (ADMINS.includes(name) && !principal.scopes.has('operator.admin')) return false
  return !CLOSED.includes(name) || isNamed(allow, tool)
}
