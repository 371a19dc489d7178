/** Address of the icon sprite under test; the build gives the hashed one. */
export default '/static/dist/icons.svg';
