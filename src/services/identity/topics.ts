// The topics that a connection can subscribe to.

export const SESSIONS_TOPIC = 'sessions'
export const HEALTH_TOPIC = 'health'
/** Of the approvals of a session. */
export const approvalsTopic = (sessionKey: string): string => `approvals:${sessionKey}`
export const sessionTopic = (sessionKey: string): string => `session:${sessionKey}`

const WATCH = 'watch:'
/** Of a session that somebody has before them: it is kept with the connection, and told in the presence list. */
export const watchTopic = (sessionKey: string): string => WATCH + sessionKey
export const watchedOf = (topics: Iterable<string>): string[] => [...topics].flatMap((topic) => (topic.startsWith(WATCH) ? [topic.slice(WATCH.length)] : []))
