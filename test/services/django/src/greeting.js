export const greeting = 'built by Vite, v1'
