/** Free of zod, so that pages may take values from here. Each may do what the one before it may. */
export const tokenRoles = ['viewer', 'deployer', 'admin'] as const
export type TokenRole = (typeof tokenRoles)[number]

export const mayAs = (role: TokenRole, wanted: TokenRole): boolean =>
  tokenRoles.indexOf(role) >= tokenRoles.indexOf(wanted)
