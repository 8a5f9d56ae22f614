// Vite's imports of styles have no value.
declare module "*.css";
