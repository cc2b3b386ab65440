/** One script under a fixed name, where Django collects it. */
export default {
  build: {
    outDir: 'assets',
    rollupOptions: { input: 'src/main.js', output: { entryFileNames: 'app.js' } },
  },
}
