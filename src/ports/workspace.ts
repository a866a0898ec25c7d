// The files of an agent, below one root. Paths are relative, with `/` between their parts, and have passed
// `toWorkspacePath`; '' is the root.

export interface WorkspaceEntry {
  /** Of the entry alone. */
  readonly name: string
  readonly kind: 'file' | 'directory'
  readonly size?: number
  readonly updatedAtMs?: number
}

export interface WorkspaceFile {
  readonly bytes: Uint8Array
  readonly updatedAtMs: number
}

export interface Workspace {
  /** Where it is, as a person would look for it. */
  readonly root: string
  /** null when there is no such file, or when what is there is no plain file below the root. */
  read(path: string, maxBytes: number): Promise<WorkspaceFile | 'too-large' | null>
  /** All of it or nothing; makes the directories above. Throws when it would land outside of the root. */
  write(path: string, bytes: Uint8Array): Promise<WorkspaceFile>
  /** What lies directly in a directory; null when there is no such directory. */
  list(path: string): Promise<readonly WorkspaceEntry[] | null>
  /** Says when something below a directory may have changed, whoever did it; makes the directory if need be. Resolves with how to stop. */
  watch?(path: string, onChange: () => void): Promise<() => void>
  /** Takes everything out of the way, to where a person still finds it. What cannot be moved is left, with a reason. */
  trash(): Promise<{ readonly moved: boolean } | { readonly reason: string }>
}

/** Workspaces that are directories of a machine. */
export interface Workspaces {
  /** `named` as it was configured; absent: the directory of this agent in the state directory. */
  open(agentId: string, isDefault: boolean, named: string | undefined): Workspace
}
