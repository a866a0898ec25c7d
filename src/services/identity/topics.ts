// The topics that a connection can subscribe to.

export const SESSIONS_TOPIC = 'sessions'
export const HEALTH_TOPIC = 'health'
/** Of the approvals of a session. */
export const approvalsTopic = (sessionKey: string): string => `approvals:${sessionKey}`
export const sessionTopic = (sessionKey: string): string => `session:${sessionKey}`
