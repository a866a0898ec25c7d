// What a link to a session names: its key, or the uuid at the end of its key, or the beginning of it; and perhaps the
// session's name. Two sessions may begin alike; then the name decides, or the one who follows the link.

import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'

export interface SessionLink {
  /** Without dashes. */
  readonly shortId: string
  readonly slugHint?: string | undefined
  readonly agentId?: string | undefined
}

/** Sessions that begin alike and are looked at. */
const MAX_ALIKE = 100
const ENDS_WITH_UUID = /:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The sessions that a link may mean, the latest first: none, the one, or those that it does not tell apart. */
export function findLinked({ shortId, slugHint, agentId }: SessionLink, sessions: Pick<Sessions, 'page'>): SessionRecord[] {
  if (!/^[0-9a-f]{8,32}$/i.test(shortId)) throw invalid('shortId must be 8-32 hexadecimal characters')
  const filter = { uuid: withDashes(shortId.toLowerCase()), ...(agentId !== undefined && { agentIds: [agentId] }) }
  const alike = sessions.page(filter, MAX_ALIKE, 0).filter(({ key }) => ENDS_WITH_UUID.test(key))
  const named = alike.filter((record) => slugHint !== undefined && toSlug(nameOf(record) ?? '') === slugHint)
  return named.length === 1 ? named : alike
}

/** The session that has the key, or else those that have the name. */
export function findReferred(reference: { readonly key: string; readonly slug?: string | undefined }, sessions: Pick<Sessions, 'get' | 'page'>): SessionRecord[] {
  const { key, slug } = reference
  const record = sessions.get(key)
  if (record || slug === undefined) return record ? [record] : []
  // Letters beyond ASCII may be written otherwise in the name: the database does not know that they are the same.
  const search = (slug.match(/[a-z0-9]+/g) ?? []).reduce((longest, word) => (word.length > longest.length ? word : longest), '')
  const filter = { agentIds: [splitSessionKey(key)!.agentId], ...(search !== '' && { search }) }
  return sessions.page(filter, MAX_ALIKE, 0).filter((each) => toSlug(nameOf(each) ?? '') === slug)
}

/** What people call a session. */
export const nameOf = ({ settings, label }: SessionRecord): string | undefined => settings.displayName ?? label ?? undefined

const withDashes = (digits: string): string =>
  [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].filter((part) => part !== '').join('-')

const toSlug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
