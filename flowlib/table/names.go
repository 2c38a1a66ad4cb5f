package table

// Names returns the names of the columns of the table at path, reading only its
// beginning.
func Names(path string, o Options) ([]string, error) {
	in, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	src, err := newSource(in, o)
	if err != nil {
		return nil, InFile(in.name, err)
	}
	all := src.all()
	if err := checkNames(all); err != nil {
		return nil, InFile(in.name, err)
	}
	return names(all), nil
}
