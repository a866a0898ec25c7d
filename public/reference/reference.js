// @ts-check
// The reference page: lists what stands in openapi.json and asyncapi.json, and finds words in it.

/**
 * @typedef {{ kind: 'route' | 'method' | 'event', name: string, summary: string, scope: string, schema: string | null, details: unknown, words: string }} Entry
 */

/** @param {string} id */
function find(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found
}

/** @param {string} path */
async function read(path) {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

/**
 * @param {Omit<Entry, 'words'>} entry
 * @returns {Entry}
 */
const withWords = (entry) => ({ ...entry, words: `${entry.kind} ${entry.name} ${entry.summary} ${entry.scope}`.toLowerCase() })

/**
 * @param {Record<string, Record<string, any>>} paths
 * @returns {Entry[]}
 */
function toRoutes(paths) {
  return Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) =>
      withWords({ kind: 'route', name: `${verb.toUpperCase()} ${path}`, summary: operation.summary, scope: operation['x-scope'] ?? '', schema: null, details: operation }),
    ),
  )
}

/**
 * @param {Record<string, any>} operations
 * @returns {Entry[]}
 */
function toMessages(operations) {
  return Object.entries(operations).map(([key, operation]) => {
    const isEvent = operation.action === 'send'
    const name = isEvent ? key.replace(/^event\./, '') : key
    const scope = operation['x-role'] === 'node' ? 'nodes' : (operation['x-scope'] ?? '')
    const schema = isEvent ? `/schemas/events/${name}.json` : `/schemas/${name}.json`
    return withWords({ kind: isEvent ? 'event' : 'method', name, summary: operation.summary, scope, schema, details: null })
  })
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [className]
 */
function element(tag, text, className = '') {
  const made = document.createElement(tag)
  made.textContent = text
  if (className) made.className = className
  return made
}

/** @param {Entry} entry */
function show(entry) {
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  summary.append(element('code', entry.name), ' ', element('span', entry.kind, 'kind'), ' ', element('span', entry.scope, 'scope'), element('div', entry.summary))
  details.append(summary)
  details.addEventListener('toggle', () => void open(details, entry), { once: true })
  return details
}

/**
 * @param {HTMLElement} details
 * @param {Entry} entry
 */
async function open(details, entry) {
  try {
    const content = entry.schema === null ? entry.details : (await read(entry.schema)).$defs
    details.append(element('pre', JSON.stringify(content, null, 2)))
  } catch (error) {
    details.append(element('p', `It could not be read: ${error instanceof Error ? error.message : String(error)}`))
  }
}

async function main() {
  const list = find('list')
  const count = find('count')
  const search = /** @type {HTMLInputElement} */ (find('search'))
  try {
    const [openapi, asyncapi] = await Promise.all([read('/openapi.json'), read('/asyncapi.json')])
    const shown = [...toRoutes(openapi.paths), ...toMessages(asyncapi.operations)].map((entry) => ({ entry, node: show(entry) }))
    list.append(...shown.map(({ node }) => node))
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
      let left = 0
      for (const { entry, node } of shown) {
        node.hidden = !words.every((word) => entry.words.includes(word))
        if (!node.hidden) left++
      }
      count.textContent = `${left} of ${shown.length}`
      history.replaceState(null, '', search.value === '' ? location.pathname : `?q=${encodeURIComponent(search.value)}`)
    }
    search.value = new URLSearchParams(location.search).get('q') ?? ''
    search.addEventListener('input', filter)
    filter()
  } catch (error) {
    count.textContent = `The documents could not be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

await main()
