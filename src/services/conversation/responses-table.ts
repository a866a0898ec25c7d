// Responses that were answered under `/v1/responses`, so that they can be read, continued and deleted: a row for each,
// and its items in pieces that every database takes.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const responsesMigration: Migration = {
  name: 'responses/tables',
  script: `CREATE TABLE responses (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, session_key TEXT NOT NULL, previous_id TEXT, thread TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX responses_of_thread ON responses (thread, created_at);
  CREATE INDEX responses_by_age ON responses (created_at);
  CREATE TABLE response_items (
    response_id TEXT NOT NULL, side TEXT NOT NULL, n INTEGER NOT NULL, piece INTEGER NOT NULL,
    item_id TEXT, json TEXT NOT NULL, PRIMARY KEY (response_id, side, n, piece)
  );
  CREATE INDEX response_items_by_id ON response_items (item_id) WHERE item_id IS NOT NULL`,
}

/** An item as it stands on the wire. */
export interface StoredItem {
  readonly type: string
  readonly id: string
}

export interface ResponseRow {
  readonly id: string
  /** The id of the principal that asked: nobody else sees it. */
  readonly owner: string
  readonly sessionKey: string
  readonly previousId: string | null
  /** The first response of the conversation. */
  readonly thread: string
  readonly createdAt: number
}

/** The response without its output is its head. */
type Side = 'head' | 'input' | 'output'

export interface ResponseTable {
  get(id: string): ResponseRow | null
  /** Replaces one of the same id. */
  put(row: ResponseRow, head: string, input: readonly StoredItem[], output: readonly StoredItem[]): void
  head(id: string): string
  items(id: string, side: 'input' | 'output'): StoredItem[]
  /** Characters of all that belongs to it. */
  size(id: string): number
  /** The newest item of this id that belongs to `owner`. */
  item(itemId: string, owner: string): StoredItem | null
  delete(id: string): void
  /** Forgets conversations in which nothing was said since `before`, and what is beyond the newest `most`; some at a time. */
  prune(before: number, most: number): void
}

interface Row {
  id: string
  owner: string
  session_key: string
  previous_id: string | null
  thread: string
  created_at: number
}

/** In characters, of which each may take three bytes: a row of a Durable Object has at most 2 MB. */
const PIECE_CHARS = 256 * 1024
/** Responses that one call of `prune` forgets at most of each kind. */
const PRUNE_STEP = 1000

export function createResponseTable(sql: Sql): ResponseTable {
  function putText(id: string, side: Side, n: number, itemId: string | null, json: string): void {
    for (let piece = 0; piece * PIECE_CHARS < json.length; piece++) {
      const part = json.slice(piece * PIECE_CHARS, (piece + 1) * PIECE_CHARS)
      sql.run(
        'INSERT INTO response_items (response_id, side, n, piece, item_id, json) VALUES (?, ?, ?, ?, ?, ?)',
        id,
        side,
        n,
        piece,
        piece === 0 ? itemId : null,
        part,
      )
    }
  }

  function textsOf(id: string, side: Side): string[] {
    const texts: string[] = []
    for (const { n, json } of sql.all<{ n: number; json: string }>(
      'SELECT n, json FROM response_items WHERE response_id = ? AND side = ? ORDER BY n, piece',
      id,
      side,
    )) {
      texts[n] = (texts[n] ?? '') + json
    }
    return texts
  }

  function remove(id: string): void {
    sql.run('DELETE FROM response_items WHERE response_id = ?', id)
    sql.run('DELETE FROM responses WHERE id = ?', id)
  }

  return {
    get: (id) => toResponseRow(sql.get<Row>('SELECT * FROM responses WHERE id = ?', id)),
    put({ id, owner, sessionKey, previousId, thread, createdAt }, head, input, output) {
      remove(id)
      sql.run(
        'INSERT INTO responses (id, owner, session_key, previous_id, thread, created_at) VALUES (?, ?, ?, ?, ?, ?)',
        id,
        owner,
        sessionKey,
        previousId,
        thread,
        createdAt,
      )
      putText(id, 'head', 0, null, head)
      for (const [n, item] of input.entries()) putText(id, 'input', n, item.id, JSON.stringify(item))
      for (const [n, item] of output.entries()) putText(id, 'output', n, item.id, JSON.stringify(item))
    },
    head: (id) => textsOf(id, 'head')[0] ?? '{}',
    items: (id, side) => textsOf(id, side).map((json) => JSON.parse(json) as StoredItem),
    size: (id) => sql.get<{ chars: number | null }>('SELECT sum(length(json)) AS chars FROM response_items WHERE response_id = ?', id)?.chars ?? 0,
    item(itemId, owner) {
      const found = sql.get<{ response_id: string; side: Side; n: number }>(
        `SELECT response_id, side, n FROM response_items JOIN responses ON responses.id = response_id
         WHERE item_id = ? AND owner = ? ORDER BY created_at DESC LIMIT 1`,
        itemId,
        owner,
      )
      if (!found) return null
      const pieces = sql.all<{ json: string }>(
        'SELECT json FROM response_items WHERE response_id = ? AND side = ? AND n = ? ORDER BY piece',
        found.response_id,
        found.side,
        found.n,
      )
      return JSON.parse(pieces.map(({ json }) => json).join('')) as StoredItem
    },
    delete: remove,
    prune(before, most) {
      const old = sql.all<{ id: string }>(
        `SELECT id FROM responses WHERE created_at < ? AND NOT EXISTS (
           SELECT 1 FROM responses AS other WHERE other.thread = responses.thread AND other.created_at >= ?
         ) ORDER BY created_at LIMIT ?`,
        before,
        before,
        PRUNE_STEP,
      )
      const surplus = sql.all<{ id: string }>('SELECT id FROM responses ORDER BY created_at DESC LIMIT ? OFFSET ?', PRUNE_STEP, most)
      for (const { id } of [...old, ...surplus]) remove(id)
    },
  }
}

const toResponseRow = (row: Row | undefined): ResponseRow | null =>
  row
    ? { id: row.id, owner: row.owner, sessionKey: row.session_key, previousId: row.previous_id, thread: row.thread, createdAt: row.created_at }
    : null
