"""What a cluster would say of an object's fields: CustomResourceDefinitions, taken strictly."""
