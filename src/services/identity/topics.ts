// The topics that a connection can subscribe to.

export const SESSIONS_TOPIC = 'sessions'
export const HEALTH_TOPIC = 'health'
export const sessionTopic = (sessionKey: string): string => `session:${sessionKey}`
