// Paths of files in a workspace: relative, with `/`, and nothing in them that any storage would take for more than a
// name. What does not pass here reaches no file.

import { invalid, type GatewayError } from '../../protocol/errors.ts'

const MAX_PATH_CHARS = 1024
const MAX_PARTS = 32
const MAX_NAME_CHARS = 200

/** A name that means the same on a disk and as a part of a key. */
export const isWorkspaceName = (name: string): boolean =>
  // eslint-disable-next-line no-control-regex
  name.length <= MAX_NAME_CHARS && !/^\.{0,2}$|^\s|[\s$]$|[\u0000-\u001f\u007f/\\:?*"<>|]/.test(name)

/** The path in its one form, '' for the root. Throws for what is none. */
export function toWorkspacePath(given: string): string {
  if (/^[/\\~]|^[A-Za-z]:/.test(given)) throw refusal('path must be workspace-relative', given)
  const parts = given.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw refusal('path escapes the agent workspace', given)
  if (given.length > MAX_PATH_CHARS || parts.length > MAX_PARTS || !parts.every(isWorkspaceName)) {
    throw refusal('path has parts that are no names of files', given)
  }
  return parts.join('/')
}

const refusal = (message: string, path: string): GatewayError =>
  invalid(message, { details: { type: 'workspace_path_invalid', path: path.slice(0, MAX_PATH_CHARS) } })

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The directory that a path lies in; null for the root. */
export const parentOf = (path: string): string | null => (path === '' ? null : path.slice(0, Math.max(0, path.lastIndexOf('/'))))
