export { deploymentPage } from './deployment.tsx'
export { overviewPage } from './overview.tsx'
export { problemPage } from './problem.tsx'
export { signInPage } from './sign-in.tsx'
